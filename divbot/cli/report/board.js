"use strict";
(() => {
  const { data, config, colour, layout } = page;
  const $ = (id) => document.getElementById(id);
  const KEPT = "divbot web token";
  const QUIET_MS = 40_000, LONGEST_WAIT_MS = 15_000;
  const words = (text) => text.replaceAll("_", " ");
  const plain = new Intl.NumberFormat("en", { useGrouping: false, maximumSignificantDigits: 15 });
  const grouped = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const whole = new Intl.NumberFormat("en");
  // What comes as a text is exact, and stays as it is.
  const number = (x) => x === null || x === undefined ? "" : typeof x === "string" ? x : plain.format(x);
  const decimalsOf = (x) => plain.format(x).split(".")[1]?.length ?? 0;
  const fixed = (x, digits) => x === null || x === undefined ? "" : Number(x).toFixed(digits);
  const signed = (x, digits = 2) => x === null || x === undefined ? "" : `${Number(x) > 0 ? "+" : ""}${Number(x).toFixed(digits)}`;
  const money = (x) => x === null || x === undefined ? "" : grouped.format(Number(x));
  const gained = (x) => x === null || x === undefined ? "" : `${Number(x) > 0 ? "+" : ""}${grouped.format(Number(x))}`;
  const tint = (x) => Number(x) > 0 ? "green" : Number(x) < 0 ? "red" : "";
  const iso = (ms) => new Date(ms).toISOString();
  const moment = (ms) => ms === null || ms === undefined ? "" : iso(ms).slice(0, 16).replace("T", " ");
  const short = (ms) => moment(ms).slice(5);
  const clock = (ms) => iso(ms).slice(5, 19).replace("T", " ");

  function span(ms) {
    const s = Math.max(Math.round(ms / 1000), 0), m = Math.floor(s / 60), h = Math.floor(m / 60);
    if (s < 60) return `${s}s`;
    if (m < 60) return `${m}m`;
    return h < 24 ? `${h}h${m % 60 ? `${String(m % 60).padStart(2, "0")}m` : ""}` : `${Math.floor(h / 24)}d${String(h % 24).padStart(2, "0")}h`;
  }

  // Text stays text, whatever is in it.
  function element(tag, text, changes = {}) {
    const made = Object.assign(document.createElement(tag), changes);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // --- what is asked ---

  let token = localStorage.getItem(KEPT) ?? "";
  takeGiven();
  addEventListener("hashchange", () => { if (takeGiven()) begin(); });

  // The part behind # is sent nowhere, and stands in no log.
  function takeGiven() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!given) return false;
    keep(given);
    history.replaceState(null, "", location.pathname);
    return true;
  }

  function keep(text) {
    token = text;
    if (text) localStorage.setItem(KEPT, text);
    else localStorage.removeItem(KEPT);
  }

  class Refused extends Error {}

  async function ask(path, signal) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const answer = await fetch(path, { headers, cache: "no-store", signal });
    if (answer.status === 401) {
      askForToken();
      throw new Refused("the token is missing or wrong");
    }
    if (answer.ok) return answer;
    const said = await answer.json().catch(() => ({ message: `HTTP ${answer.status}` }));
    throw new Refused(said.message);
  }

  async function read(path) {
    return (await ask(path)).json();
  }

  function askForToken() {
    $("refused").textContent = token ? "That is not the token." : "";
    keep("");
    $("shown").hidden = true;
    $("ask").hidden = false;
    drawSections();
    say("waiting for the token", "lost");
    $("token").focus();
  }

  $("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    keep($("token").value.trim());
    begin();
  });

  function begin() {
    $("token").value = "";
    $("ask").hidden = true;
    listen();
  }

  // --- what comes by itself ---

  const latest = {};
  let listening = null;

  let said = "";

  // A clock that goes on is no news: who listens hears of another state, and not of each second.
  function say(text, kind = "") {
    $("state").textContent = text;
    $("state").className = kind;
    const plainly = text.replaceAll(/[\d:-]+/g, "");
    if (plainly !== said) $("news").textContent = text;
    said = plainly;
  }

  function drawSections() {
    for (const link of $("sections").children) link.hidden = document.querySelector(link.hash).closest("section").hidden;
    $("sections").hidden = $("shown").hidden;
  }

  async function listen() {
    listening?.abort();
    const mine = listening = new AbortController();
    let wait = 1000;
    while (!mine.signal.aborted) {
      try {
        await follow(mine, () => { wait = 1000; });
      } catch (error) {
        if (error instanceof Refused && !token && !$("ask").hidden) return;
        if (mine.signal.aborted) return;
        say(`not connected (${error.message}); trying again`, "lost");
      }
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    }
  }

  async function follow(mine, heard) {
    const turn = new AbortController();
    const end = () => turn.abort();
    mine.signal.addEventListener("abort", end);
    let alarm = setTimeout(end, QUIET_MS);
    try {
      const answer = await ask("/api/v1/stream", turn.signal);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      $("ask").hidden = true;
      $("shown").hidden = false;
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the connection ended");
        heard();
        clearTimeout(alarm);
        alarm = setTimeout(end, QUIET_MS);
        const messages = (rest + value).split("\n\n");
        rest = messages.pop();
        messages.forEach(take);
      }
    } finally {
      clearTimeout(alarm);
      mine.signal.removeEventListener("abort", end);
    }
  }

  function take(message) {
    const [, name, text] = message.match(/^event: (\w+)\ndata: (.*)$/s) ?? [];
    if (!name) return;
    const before = latest[name];
    latest[name] = JSON.parse(text);
    shows[name]?.(latest[name], before);
    drawTiles();
    drawSections();
  }

  // Nobody looks: nothing is sent, which spares a phone.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) listening?.abort();
    else if ($("ask").hidden) listen();
  });

  // --- tables ---

  const tableOf = (name) => $(name).querySelector("table");

  // Rows by their key: what has the focus keeps it, and where its row has gone, the next one has it.
  function fill(name, rows, keyOf, cellOf, decorate) {
    const table = tableOf(name), body = table.tBodies[0];
    const hadFocus = body.contains(document.activeElement);
    const focused = document.activeElement?.closest?.("tr"), place = [...body.rows].indexOf(focused);
    const heads = [...table.tHead.rows[0].cells];
    body.replaceChildren(...rows.map((row) => {
      const made = element("tr");
      made.dataset.key = keyOf(row);
      data.columns[name].forEach((title, place) => {
        const { text, value, style = "", node } = cellOf(row, title);
        const cell = element("td", node ? undefined : text, { className: `${heads[place].className.split(" ")[0]} ${style}` });
        if (node) cell.append(node);
        if (value !== undefined) cell.dataset.value = value ?? "";
        cell.hidden = heads[place].hidden;
        made.append(cell);
      });
      decorate?.(made);
      return made;
    }));
    page.sorted(table);
    if (name === "opportunities") filterAgain();
    $(name).hidden = rows.length === 0;
    if (hadFocus) {
      const openers = openersOf(name), same = rowOf(body, focused.dataset.key)?.querySelector("button");
      (same ?? openers[Math.min(place, openers.length - 1)])?.focus({ preventScroll: true });
    }
    rove(name);
  }

  const openersOf = (name) => [...$(name).querySelectorAll("tbody tr:not([hidden]) button")];

  // One row of a table is on the way of the Tab key; arrows go to the others.
  function rove(name) {
    const openers = openersOf(name);
    const now = openers.find((x) => x === document.activeElement) ?? openers.find((x) => x.tabIndex === 0) ?? openers[0];
    for (const opener of $(name).querySelectorAll("tbody button")) opener.tabIndex = opener === now ? 0 : -1;
  }

  for (const name of Object.keys(data.columns)) $(name).addEventListener("focusin", () => rove(name));

  const rowOf = (body, key) => [...body.rows].find((row) => row.dataset.key === key);

  function opener(symbol, interval) {
    const button = element("button", symbol, { type: "button" });
    button.setAttribute("aria-label", `${symbol}: open its chart`);
    button.addEventListener("click", () => open(symbol, interval, button));
    return button;
  }

  function opportunityCell(x, title) {
    switch (title) {
      case "symbol": return { node: opener(x.symbol, x.interval), value: x.symbol };
      case "interval": return { text: x.interval };
      case "signal": return { text: x.signal, style: x.signal === "BUY" ? "green" : "red" };
      case "kind": return { text: words(x.kind) };
      case "score": return { text: fixed(x.score, 1), value: x.score };
      case "conf.": return { text: fixed(x.confidence, 2), value: x.confidence };
      case "exp. R": return { text: signed(x.expectancy), value: x.expectancy, style: tint(x.expectancy) };
      case "cases": return { text: whole.format(x.cases), value: x.cases };
      case "R/R": return { text: fixed(x.reward_risk, 1), value: x.reward_risk };
      case "stop %": {
        const away = 100 * Math.abs(x.price - x.stop) / x.price;
        return { text: fixed(away, 2), value: away };
      }
      case "RSI": return { text: `${fixed(x.rsi_previous, 1)} → ${fixed(x.rsi, 1)}`, value: x.rsi };
      case "ATR %": return { text: fixed(x.atr_percent, 2), value: x.atr_percent };
      case "price": case "stop": case "target": {
        const decimals = Math.max(...[x.price, x.stop, x.target].map(decimalsOf));
        return { text: x[title].toFixed(decimals), value: x[title] };
      }
      case "age": return { text: String(x.age), value: x.age };
      case "higher": return { text: Object.entries(x.higher ?? {}).map(([interval, said]) => `${interval} ${stance(said)}`).join("; "), style: "wraps" };
      case "confirmed": return { text: short(x.confirmed_at), value: x.confirmed_at };
      default: return { text: number(x[title]), value: x[title] };
    }
  }

  function tradeCell(x, title) {
    const profit = x.price === undefined ? x.profit : x.open_profit;
    const ratio = x.price === undefined ? x.r_multiple : x.open_r;
    switch (title) {
      case "#": return { text: String(x.number), value: x.number };
      case "symbol": return { node: opener(x.symbol), value: x.symbol };
      case "side": return { text: x.side, style: x.side === "BUY" ? "green" : "red" };
      case "kind": return { text: words(x.origin.kind) };
      case "profit": return { text: gained(profit), value: profit, style: tint(profit) };
      case "R": return { text: signed(ratio), value: ratio, style: tint(ratio) };
      case "entry": return { text: number(x.entry.price), value: x.entry.price };
      case "exit": return { text: number(x.exit?.price), value: x.exit?.price };
      case "reason": return { text: words(x.reason ?? "") };
      case "held": return { text: span(x.held_ms), value: x.held_ms };
      case "opened": return { text: short(x.opened_at), value: x.opened_at };
      case "closed": return { text: x.closed_at ? short(x.closed_at) : "", value: x.closed_at };
      default: return { text: number(x[title]), value: x[title] };
    }
  }

  function alertCell(x, title) {
    switch (title) {
      case "found": return { text: short(x.at), value: x.at };
      case "symbol": return x.symbol ? { node: opener(x.symbol, x.interval), value: x.symbol } : { text: "" };
      case "signal": return { text: x.signal ?? "", style: x.signal === "BUY" ? "green" : "red" };
      case "kind": return { text: words(x.kind ?? x.topic) };
      case "delivery": return { text: x.reason ? `${x.delivery}: ${x.reason}` : x.delivery, style: x.delivery === "failed" ? "red" : "" };
      case "of": return { text: x.program };
      default: return { text: x[title] ?? "" };
    }
  }

  function runCell(x, title) {
    switch (title) {
      case "run": {
        const button = element("button", x.run, { type: "button" });
        button.addEventListener("click", () => showRun(x.run).then(() => { $("run").focus({ preventScroll: true }); $("run").scrollIntoView(); }));
        return { node: button, value: x.run };
      }
      case "prices": return { text: x.nature };
      case "interval": return { text: x.interval };
      case "since": case "until": return { text: moment(x[title]), value: x[title] };
      case "trades": return { text: String(x.closed_trades), value: x.closed_trades };
      case "equity": return { text: money(x.equity), value: x.equity };
      default: return { text: x.running ? "running" : "" };
    }
  }

  function sweepCell(x, title) {
    switch (title) {
      case "#": {
        const button = element("button", String(x.number), { type: "button" });
        button.addEventListener("click", () => showSweep(x.number));
        return { node: button, value: x.number };
      }
      case "when": return { text: moment(x.at), value: x.at };
      case "by": case "market": case "interval": return { text: x[title] };
      case "days": return { text: x.days?.join(" to ") ?? "" };
      case "settings": return { text: whole.format(x.settings), value: x.settings };
      case "holdout": return { text: x.holdout_is ?? "" };
      default: return { text: x.verdict ?? "" };
    }
  }

  // What a longer interval says, as in a scan's table: its trend, and its last divergence with the candles since.
  function stance({ way, divergence, age }) {
    if (!way) return "unknown";
    return divergence ? `${way}, ${words(divergence).replace("regular ", "").replace(/ish$/, "")} ${age}` : way;
  }

  const filterAgain = page.addFilter($("opportunities"));
  const filter = document.querySelector(".filter input");
  filter.addEventListener("input", () => rove("opportunities"));
  const keyOf = (x) => [x.interval, x.symbol, x.kind, x.confirmed].join(" ");
  let chosen = null;

  const shows = {
    opportunities(found, before) {
      $("scanned").hidden = found.reports.length === 0;
      $("evidence").hidden = found.reports.length === 0;
      heading(found);
      const several = found.reports.length > 1;
      for (const title of ["interval", "higher"]) {
        tableOf("opportunities").tHead.rows[0].cells[data.columns.opportunities.indexOf(title)].hidden = !several;
      }
      const old = new Set((before?.opportunities ?? []).map(keyOf));
      const fresh = before ? found.opportunities.filter((x) => !old.has(keyOf(x))) : [];
      const isNew = new Set(fresh.map(keyOf));
      fill("opportunities", found.opportunities, keyOf, opportunityCell, (row) => {
        row.classList.toggle("new", isNew.has(row.dataset.key));
        row.classList.toggle("chosen", row.dataset.key === chosen);
      });
      $("no-opportunities").hidden = found.opportunities.length > 0;
      if (fresh.length) $("news").textContent = `${fresh.length} new: ${fresh.slice(0, 3).map((x) => `${x.symbol} ${x.signal}`).join(", ")}`;
      const versions = (x) => x?.reports.map((y) => y.version).join();
      if (versions(before) !== versions(found)) refreshEvidence();
    },
    positions(found) {
      $("held").hidden = found.run === null;
      fill("positions", found.positions, (x) => String(x.number), tradeCell);
      $("no-positions").hidden = found.positions.length > 0;
    },
    equity(found, before) {
      if (found.run === null || found.account === null) return;
      // Whoever looks at the newest run looks at the next one, once it has begun.
      if (!run.name || run.name === before?.run && before.run !== found.run) showRun(found.run);
      else if (run.name === found.run) keepUp(found.account);
    },
    events(found) {
      $("events").replaceChildren(...found.events.map((x) => {
        const line = element("li", undefined, { className: x.kind === "warning" ? "warning" : "" });
        const at = element("time", clock(x.at), { dateTime: iso(x.at) });
        line.append(at, ` ${x.text}`);
        return line;
      }));
      if (!found.events.length) $("events").replaceChildren(element("li", "Nothing yet.", { className: "empty" }));
    },
    health(found) {
      heading(found);
      sayHealth(found);
      // The last document of the first ones: of which interval the run is, is known.
      offerIntervals(latest.opportunities?.reports ?? []);
      $("health").replaceChildren(...found.scanners.map(scannerBlock), programBlock(found));
    },
  };

  function sayHealth(found) {
    // What was read from a journal stands still.
    if (found.program === "web") return say(found.venue ? `a journal, as of ${moment(found.at)} UTC` : "connected", "live");
    if (!found.healthy) return say(found.problems.join("; "), "lost");
    const failed = found.scanners.find((x) => x.error);
    say(`live, ${clock(found.at)} UTC${failed ? `; the last scan failed: ${failed.error}` : ""}`, failed ? "lost" : "live");
  }

  function heading(found) {
    const market = found.market === "usdm" ? "USD-M futures" : "spot";
    const where = found.venue ? `${found.venue} ${market}` : "runs and sweeps";
    $("title").textContent = document.title = `divbot ${found.program === "web" ? "" : `${found.program}, `}${where}`;
    $("simulated").hidden = !found.simulated;
  }

  function block(title, pairs) {
    const made = element("div", undefined, { className: "block" }), list = element("dl");
    for (const [name, text] of pairs) {
      if (text === null || text === undefined || text === "") continue;
      const pair = element("div");
      const value = element("dd");
      value.append(text);
      pair.append(element("dt", name), value);
      list.append(pair);
    }
    made.append(element("h3", title), list);
    return made;
  }

  function scannerBlock(x) {
    return block(`Scanner, ${x.interval} candles`, [
      ["state", x.late ? `${x.state}, and late` : x.state],
      ["last report", x.age_ms === null ? "none yet" : `${span(x.age_ms)} ago, as of ${moment(x.as_of)} UTC`],
      ["symbols", x.scanned === null ? "" : `${x.scanned} of ${x.symbols} scanned`],
      ["a scan takes", `${x.seconds === null ? "" : `${fixed(x.seconds, 2)} s, `}every ${span(x.every_ms)}`],
      ["scans", `${whole.format(x.scans)}, ${whole.format(x.failures)} failed`],
      ["error", x.error], ["notices", x.notices.join("; ")],
    ]);
  }

  function programBlock(x) {
    return block(`divbot ${x.version}`, [
      ["request weight", x.weight ? `${whole.format(x.weight.used)} of ${whole.format(x.weight.allowed)} a minute` : ""],
      ["waits for", x.weight?.waits_for], ["alerts told", x.alerts === null ? "" : whole.format(x.alerts)],
      ["pages open", whole.format(x.readers)],
    ]);
  }

  function tile(name, value, detail, style = "") {
    const made = element("div", undefined, { className: "tile" });
    made.append(element("p", name, { className: "name" }), element("p", value, { className: `value ${style}` }), element("p", detail));
    return made;
  }

  function drawTiles() {
    const { opportunities, equity, health } = latest, tiles = [];
    const account = equity?.account;
    if (account) {
      tiles.push(tile("equity", money(account.equity), `USDT, ${gained(account.today)} today`));
      tiles.push(tile("positions", String(account.open_positions), `open, ${gained(account.open_profit)} USDT`, ""));
      tiles.push(tile("trades", String(account.closed_trades), `closed, ${gained(account.realised)} USDT`));
      tiles.push(tile("drawdown", `${fixed(100 * account.drawdown, 2)}%`, account.paused ? `paused: ${account.paused}` : "below its peak", account.paused ? "red" : ""));
    }
    if (opportunities?.reports.length) {
      const buys = opportunities.opportunities.filter((x) => x.signal === "BUY").length;
      tiles.push(tile("opportunities", String(opportunities.opportunities.length), `${buys} to buy, ${opportunities.opportunities.length - buys} to sell`));
    }
    if (typeof health?.alerts === "number") tiles.push(tile("alerts", whole.format(health.alerts), "told since the start"));
    if (health?.weight) tiles.push(tile("request weight", `${Math.round(100 * health.weight.used / Math.max(health.weight.allowed, 1))}%`, "of what may be used a minute"));
    $("tiles").replaceChildren(...tiles);
    $("tiles").hidden = tiles.length === 0;
  }

  async function refreshEvidence() {
    const found = await read("/api/v1/calibration").catch(() => null);
    if (found === null) return;
    $("calibration").replaceChildren(...found.calibration.map(({ interval, base_rate: rate, past }) => block(`${interval} candles`, [
      ["starts from", rate.cases ? `${whole.format(rate.cases)} divergences of ${whole.format(rate.weeks)} weeks` : "what chance gives: nothing was counted"],
      ["source", rate.source],
      ["hit rate", `${fixed(rate.believed_ratio, 3)} times what chance gives, as far as it is believed (counted: ${fixed(rate.ratio, 3)})`],
      ["before costs", `${signed(rate.believed_gross, 3)} R, as far as it is believed (counted: ${signed(rate.gross, 3)})`],
      ["in these candles", Object.entries(past).map(([name, count]) => `${whole.format(count)} ${words(name)}`).join(", ")],
    ])));
  }

  // --- one symbol ---

  // Where the focus goes once the chart is closed: a table may have been filled anew since.
  let back = () => $("symbol"), looked = 0, plotly = null;

  function drawing() {
    plotly ??= new Promise((done, failed) => {
      const script = element("script", undefined, { src: "/assets/plotly.js" });
      script.addEventListener("load", done);
      script.addEventListener("error", () => {
        plotly = null;
        fetch(script.src).then((answer) => answer.json()).then((said) => failed(new Error(said.message)), () => failed(new Error("charts cannot be drawn")));
      });
      document.head.append(script);
    });
    return plotly;
  }

  const MORE = ["1m", "5m", "15m", "1h", "4h", "1d"];

  function offerIntervals(reports) {
    const scanned = reports.map((x) => x.interval), first = scanned[0] ?? ofRun();
    const all = [...new Set([first, ...scanned, ...MORE])].sort((a, b) => length(a) - length(b));
    const before = $("intervals").value || first;
    if ($("intervals").options.length !== all.length) $("intervals").replaceChildren(...all.map((x) => new Option(x, x, false, x === before)));
  }

  const UNITS = { s: 1, m: 60, h: 3600, d: 86400, w: 604800, M: 2592000 };
  const length = (interval) => Number.parseInt(interval) * UNITS[interval.at(-1)];

  // The chart of what was clicked, and of the other intervals that are scanned beside it.
  function intervalsFor(interval) {
    const scanned = latest.opportunities?.reports.map((x) => x.interval) ?? [];
    return [...new Set([interval ?? scanned[0] ?? ofRun(), ...scanned])];
  }

  const ofRun = () => latest.equity?.interval ?? "5m";

  async function open(symbol, interval, from) {
    const mine = ++looked;
    const name = from.closest(".scroll")?.id, key = from.closest("tr")?.dataset.key;
    back = () => name ? rowOf(tableOf(name).tBodies[0], key)?.querySelector("button") ?? $(name) : from;
    chosen = name === "opportunities" ? key : null;
    for (const row of tableOf("opportunities").tBodies[0].rows) row.classList.toggle("chosen", row.dataset.key === chosen);
    $("look").hidden = false;
    $("look-title").textContent = symbol;
    $("symbol").value = symbol;
    $("look-note").textContent = "loading";
    drawSections();
    page.dropCandles();
    $("charts").replaceChildren();
    $("look").focus({ preventScroll: true });
    $("look").scrollIntoView();
    const intervals = intervalsFor(interval);
    // Each has its place from the beginning: nothing moves once it is there.
    const places = new Map(intervals.map((each) => [each, element("div")]));
    $("charts").append(...places.values());
    for (const each of intervals) {
      try {
        const [found] = await Promise.all([read(`/api/v1/symbols/${encodeURIComponent(symbol)}?interval=${each}`), drawing()]);
        if (mine !== looked) return;
        $("look-note").textContent = "";
        $("intervals").value = interval ?? each;
        showChart(found, places.get(each));
      } catch (error) {
        if (mine === looked) $("look-note").textContent = `${each}: ${error.message}`;
        places.get(each).remove();
      }
    }
  }

  function showChart(found, part) {
    const links = element("p", undefined, { className: "outside" });
    for (const { title, address } of found.links) {
      links.append(element("a", title, { href: address, target: "_blank", rel: "noopener noreferrer" }), " ");
    }
    const chart = element("div", undefined, { className: "chart candles" });
    chart.setAttribute("role", "figure");
    const counts = `${found.series.divergences.length} divergences, ${found.plans.length} open to trade`;
    chart.setAttribute("aria-label", `${found.symbol} ${found.interval}: candles, volume and RSI, ${counts}`);
    part.append(element("h3", `${found.symbol} ${found.interval}: ${counts}`), links, chart);
    if (found.why.length) {
      const why = element("ul", undefined, { className: "why" });
      why.append(...found.why.map(({ rule, passed, detail }) => {
        const step = element("li");
        step.append(element("span", passed ? "passed " : "stopped ", { className: passed ? "green" : "red" }), element("b", rule), `: ${detail}`);
        return step;
      }));
      part.append(element("h3", "Why"), why);
    }
    part.append(inWords(found));
    page.drawCandles(chart, found.series, found.plans);
  }

  const MOST_CANDLES = 50;

  // What the chart shows, for who reads or hears it.
  function inWords({ series, plans }) {
    const made = element("details", undefined, { className: "words" }), lines = element("ul", undefined, { className: "past" });
    const price = (x) => x.toFixed(series.decimals);
    const open = plans.map((x) => `open to trade: ${x.side}, entry ${price(x.entry)}, stop ${price(x.stop)}, target ${price(x.target)}`);
    // A chart takes their text for markup, of which it has line ends alone.
    const past = series.divergences.toReversed().map((x) => x.text.replaceAll("<br>", "; "));
    lines.append(...[...open, ...past].map((text) => element("li", text)));
    if (!lines.children.length) lines.append(element("li", "No divergence."));
    made.append(element("summary", "The chart in words and figures"), element("h3", "Divergences, the newest first"), lines, candleTable(series));
    return made;
  }

  function candleTable(series) {
    const part = element("div", undefined, { className: "scroll", tabIndex: 0 }), table = element("table");
    part.setAttribute("role", "region");
    part.setAttribute("aria-label", `The last ${MOST_CANDLES} candles`);
    const shown = ["open", "high", "low", "close", "volume", "rsi"];
    const head = table.createTHead().insertRow(), body = table.createTBody();
    for (const title of ["begins, UTC", ...shown]) head.append(element("th", title === "rsi" ? "RSI" : title, { scope: "col", className: title in series ? "number" : "" }));
    const last = series.at.length - 1;
    for (let row = last; row > Math.max(last - MOST_CANDLES, -1); row -= 1) {
      const line = body.insertRow();
      line.append(element("td", short(series.at[row])));
      for (const title of shown) {
        const digits = title === "rsi" ? 1 : title === "volume" ? 0 : series.decimals;
        line.append(element("td", fixed(series[title][row], digits), { className: "number" }));
      }
    }
    table.prepend(element("caption", `The last ${MOST_CANDLES} candles`, { className: "out" }));
    part.append(table);
    return part;
  }

  function close() {
    looked += 1;
    chosen = null;
    page.dropCandles();
    $("charts").replaceChildren();
    $("look").hidden = true;
    for (const row of document.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
    drawSections();
    back().focus();
  }

  $("close").addEventListener("click", close);
  $("find").addEventListener("submit", (event) => {
    event.preventDefault();
    open($("symbol").value.trim().toUpperCase(), $("intervals").value, $("symbol"));
  });

  // --- keys ---

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches?.("input, select, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && !$("look").hidden) close();
    else if (event.key === "/" && !isTyping) {
      event.preventDefault();
      filter.focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const name = event.target === filter ? "opportunities" : event.target.closest?.(".scroll")?.id;
      if (name in data.columns) step(event, name);
    }
  });

  function step(event, name) {
    const openers = openersOf(name);
    const place = openers.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    const next = openers[Math.max(place, 0)];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }

  // --- a run ---

  const run = { name: "", at: [], equity: [], document: null, isKnownAt: 0 };

  async function showRun(name) {
    run.name = name;
    run.document = run.document?.run === name ? run.document : null;
    run.isKnownAt = performance.now();
    $("run").hidden = false;
    $("run-title").textContent = `Equity, ${name}`;
    $("run-trouble").textContent = "";
    drawSections();
    try {
      const found = await read(`/api/v1/runs/${encodeURIComponent(name)}`);
      if (run.name !== name) return;
      takeRun(found);
      const isLive = latest.equity?.run === name && latest.equity.account !== null;
      sum(isLive ? latest.equity.account : found);
      if (isSeen) await drawing().then(drawEquity);
    } catch (error) {
      $("run-trouble").textContent = error.message;
    }
  }

  function takeRun(found) {
    run.document = found;
    run.at = found.curve.at;
    run.equity = found.curve.equity;
    fill("trades", found.trades, (x) => String(x.number), tradeCell);
    $("statistics").replaceChildren(...found.sections.map(({ title, lines }) => block(title, lines.map((x) => [x.name, x.text]))));
  }

  function sum({ equity, closed_trades: closed }) {
    const { venue, interval, nature, balance, started_at: since } = run.document;
    const way = Number(equity) - Number(balance);
    $("run-note").textContent = `${venue}, ${interval}, ${nature}: ${money(equity)} USDT, ${gained(way)} since ${moment(since)} UTC; ${whole.format(closed)} ${closed === 1 ? "trade" : "trades"} closed`;
  }

  // Once a trade has closed, what was read of the run is old. The server reads it again so often.
  const READ_AGAIN_MS = 11_000;

  function keepUp(account) {
    if (run.document !== null) {
      sum(account);
      addPoint(account);
      if (account.closed_trades === run.document.closed_trades) return;
    }
    if (performance.now() - run.isKnownAt > READ_AGAIN_MS) showRun(run.name);
  }

  function addPoint({ valued_at: at, equity }) {
    if (!run.at.length || at - run.at.at(-1) < 10_000) return;
    run.at.push(at);
    run.equity.push(Number(equity));
    if (window.Plotly) drawEquity();
  }

  function drawEquity() {
    if (!run.at.length || !window.Plotly) return;
    Plotly.react("equity", [{
      x: run.at, y: run.equity, mode: run.at.length > 1 ? "lines" : "markers", line: { color: colour("accent"), width: 1.8 },
      hovertemplate: "%{y:,.2f}<extra>equity</extra>",
    }], layout({ hovermode: "x", showlegend: false, xaxis: { type: "date" }, yaxis: { title: { text: "equity, USDT" }, tickformat: ",.6~g" } }), config);
  }

  // What draws is large: a phone that looks at the table alone is spared.
  let isSeen = false;
  new IntersectionObserver(([{ isIntersecting }], observer) => {
    if (!isIntersecting) return;
    isSeen = true;
    observer.disconnect();
    drawing().then(drawEquity, (error) => { $("run-trouble").textContent = error.message; });
  }, { rootMargin: "200px" }).observe($("equity"));
  page.drawAlways(drawEquity);

  // --- runs and sweeps, when somebody looks ---

  async function showList(part, path, show) {
    if (!$(part).open) return;
    try {
      const found = await read(path);
      for (const said of $(part).querySelectorAll(".empty")) said.remove();
      show(found);
    } catch (error) {
      for (const said of $(part).querySelectorAll(".empty")) said.remove();
      $(part).append(element("p", error.message, { className: "empty" }));
    }
  }

  function showAlerts() {
    return showList("alerts-part", "/api/v1/alerts?limit=100", ({ alerts, damaged }) => {
      fill("alerts", alerts, (x) => [x.at, x.program, x.interval, x.symbol, x.kind].join(" "), alertCell);
      const said = damaged.map((x) => `The alerts of ${x} cannot be read: divbot doctor says why.`);
      if (!alerts.length && !said.length) said.push("No alert yet.");
      for (const text of said) $("alerts-part").append(element("p", text, { className: "empty" }));
    });
  }

  const ALERTS_MS = 15_000;
  $("alerts-part").addEventListener("toggle", showAlerts);
  setInterval(() => { if (!document.hidden && !$("shown").hidden) showAlerts(); }, ALERTS_MS);
  $("runs-part").addEventListener("toggle", () => showList("runs-part", "/api/v1/runs", ({ runs }) => {
    fill("runs", runs, (x) => x.run, runCell);
    if (!runs.length) $("runs-part").append(element("p", "No run yet.", { className: "empty" }));
  }));
  $("sweeps-part").addEventListener("toggle", () => showList("sweeps-part", "/api/v1/sweeps", ({ trials }) => {
    fill("sweeps", trials, (x) => String(x.number), sweepCell);
    if (!trials.length) $("sweeps-part").append(element("p", "No sweep yet.", { className: "empty" }));
  }));

  async function showSweep(number) {
    try {
      const found = await read(`/api/v1/sweeps/${number}`);
      $("sweep").replaceChildren(element("h3", `Trial ${number}`), element("pre", found.text, { className: "block", tabIndex: 0 }));
      $("sweep").focus();
    } catch (error) {
      $("sweep").replaceChildren(element("p", error.message));
    }
  }

  listen();
})();
