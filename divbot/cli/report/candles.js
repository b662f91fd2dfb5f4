(() => {
  const { data, config, colour, layout } = page;
  const OUTCOMES = {
    target: { symbol: "circle", tint: "gain", letter: "T" },
    stop: { symbol: "x", tint: "loss", letter: "S" },
    expired: { symbol: "square", tint: "quiet", letter: "E" },
    unresolved: { symbol: "diamond-open", tint: "accent", letter: "U" },
    not_entered: { symbol: "circle-open", tint: "quiet", letter: "N" },
  };
  const KINDS = {
    regular_bullish: { tint: "gain", dash: "solid" }, hidden_bullish: { tint: "gain", dash: "dash" },
    regular_bearish: { tint: "loss", dash: "solid" }, hidden_bearish: { tint: "loss", dash: "dash" },
  };

  class Chart {
    constructor(element, series, plans) {
      this.element = element;
      this.series = series;
      this.plans = plans;
      this.step = this.series.at[1] - this.series.at[0];
      this.last = this.series.at.length - 1;
      this.view = this.recent();
    }

    // The newest candles, as many as have room.
    recent() {
      const count = Math.max(Math.round(this.element.clientWidth / 7), 50);
      const pivots = this.plans.map((plan) => this.series.divergences[plan.divergence].rows[0] - 8);
      return this.since(Math.max(Math.min(this.last - count, ...pivots), 0));
    }

    // All from one on, with room for the words of a plan beyond the last one.
    since(first) {
      const axis = 80, words = this.plans.length ? 120 : 10;
      const room = Math.max(this.element.clientWidth - axis - words, 80);
      return [first - 1, this.last + Math.ceil((this.last - first) * words / room)];
    }

    // Rows beyond the last candle have times, too.
    time(row) {
      return this.series.at[row] ?? this.series.at[this.last] + (row - this.last) * this.step;
    }

    row(time) {
      return (time - this.series.at[0]) / this.step;
    }

    // What is in sight of the candles, without those that are missing.
    seen(values) {
      const [first, last] = this.view.map((row, end) => Math.min(Math.max(end ? Math.ceil(row) : Math.floor(row), 0), this.last));
      return values.slice(first, last + 1).filter((x) => x !== null);
    }

    heights() {
      const prices = this.plans.flatMap(({ entry, stop, target }) => [entry, stop, target]);
      const low = Math.min(...this.seen(this.series.low), ...prices);
      const high = Math.max(...this.seen(this.series.high), ...prices);
      const room = 0.11 * (high - low) || high * 0.001;
      const most = Math.max(...this.seen(this.series.volume), 0);
      return { "yaxis.range": [low - room, high + room], "yaxis3.range": [0, 1.05 * most || 1] };
    }

    ranges() {
      return { "xaxis.range": this.view.map((row) => this.series.at[0] + row * this.step), ...this.heights() };
    }

    candles() {
      const { at, open, high, low, close, decimals } = this.series;
      const look = (tint) => ({ line: { color: colour(tint), width: 1 }, fillcolor: colour(tint) });
      return {
        type: "candlestick", name: "candle", x: at, open, high, low, close, yhoverformat: `.${decimals}f`,
        xhoverformat: "%Y-%m-%d %H:%M", increasing: look("rise"), decreasing: look("fall"),
      };
    }

    volumes() {
      const { at, open, close, volume } = this.series;
      return {
        type: "bar", name: "volume", x: at, y: volume, yaxis: "y3", marker: { color: close.map((x, row) => colour(x < open[row] ? "fall" : "rise")) },
        hovertemplate: "volume %{y:,.6~g}<br>%{x|%Y-%m-%d %H:%M}<extra></extra>",
      };
    }

    strength() {
      return {
        x: this.series.at, y: this.series.rsi, yaxis: "y2", mode: "lines", name: "RSI",
        line: { color: colour("text"), width: 1.2 }, hovertemplate: "RSI %{y:.1f}<br>%{x|%Y-%m-%d %H:%M}<extra></extra>",
      };
    }

    // One trace for all lines of a kind: a gap parts one divergence from the next.
    lines(kind, figure, axis) {
      const { tint, dash } = KINDS[kind];
      const trace = {
        x: [], y: [], text: [], mode: "lines+markers", yaxis: axis, name: kind, hovertemplate: "%{text}<extra></extra>",
        line: { color: colour(tint), width: 2, dash }, marker: { color: colour(tint), size: 5 },
      };
      for (const found of this.series.divergences.filter((x) => x.kind === kind)) {
        trace.x.push(...found.rows.map((row) => this.series.at[row]), null);
        trace.y.push(...found[figure], null);
        trace.text.push(found.text, found.text, null);
      }
      return trace;
    }

    marks(outcome) {
      const { symbol, tint, letter } = OUTCOMES[outcome];
      const current = new Set(this.plans.map((plan) => this.series.divergences[plan.divergence]));
      const found = this.series.divergences.filter((x) => x.outcome === outcome);
      const isLow = (x) => x.side === "BUY";
      const { at, high, low } = this.series;
      return {
        x: found.map((x) => at[x.confirmed]),
        y: found.map((x) => isLow(x) ? low[x.confirmed] - 0.6 * x.atr : high[x.confirmed] + 0.6 * x.atr),
        text: found.map(() => letter), customdata: found.map((x) => x.text), name: outcome, mode: "markers+text",
        textposition: found.map((x) => isLow(x) ? "bottom center" : "top center"),
        textfont: { color: colour(tint), size: 12 }, marker: { symbol, color: colour(tint), opacity: 1, size: found.map((x) => current.has(x) ? 14 : 9) },
        hovertemplate: "%{customdata}<extra></extra>",
      };
    }

    planned() {
      const shapes = [], annotations = [];
      for (const { divergence, side, ...plan } of this.plans) {
        const confirmed = this.series.divergences[divergence].confirmed;
        shapes.push({
          type: "line", xref: "x", yref: "paper", x0: this.time(confirmed), x1: this.time(confirmed), y0: 0, y1: 1,
          line: { color: colour("accent"), width: 1, dash: "dot" },
        });
        // Words stand outside, where the entry, which lies between, is not in their way.
        const upper = plan.stop > plan.target ? "stop" : "target";
        for (const [name, tint] of [["entry", "accent"], ["stop", "loss"], ["target", "gain"]]) {
          const x0 = this.time(name === "entry" ? this.last : confirmed);
          shapes.push({
            type: "line", xref: "x", yref: "y", x0, x1: this.time(this.last) + 1e4 * this.step, y0: plan[name], y1: plan[name],
            line: { color: colour(tint), width: 1.5, dash: name === "entry" ? "solid" : "dash" },
          });
          annotations.push({
            xref: "paper", x: 1, xanchor: "right", y: plan[name], yanchor: name === "entry" ? "middle" : name === upper ? "bottom" : "top", showarrow: false,
            text: `${this.plans.length > 1 && name !== "entry" ? `${side} ` : ""}${name} ${plan[name].toFixed(this.series.decimals)}`, font: { color: colour(tint), size: 12 },
            bgcolor: colour("card"), borderpad: 1,
          });
        }
      }
      return { shapes, annotations };
    }

    draw() {
      const { shapes, annotations } = this.planned();
      for (const y of [30, 50, 70]) {
        shapes.push({
          type: "line", layer: "below", xref: "paper", x0: 0, x1: 1, yref: "y2", y0: y, y1: y,
          line: { color: colour("quiet"), width: 1, dash: "dot" },
        });
      }
      const ranges = this.ranges();
      const traces = [
        this.candles(), this.volumes(), this.strength(),
        ...Object.keys(KINDS).flatMap((kind) => [this.lines(kind, "price", "y"), this.lines(kind, "rsi", "y2")]),
        ...Object.keys(OUTCOMES).map((outcome) => this.marks(outcome)),
      ].filter((trace) => trace.x.length);
      const base = layout({
        hovermode: "closest", showlegend: false, shapes, annotations, margin: { l: 12, r: 12, t: 28, b: 28 },
        xaxis: { type: "date", anchor: "y2", range: ranges["xaxis.range"], rangeslider: { visible: false } },
        yaxis: { domain: [0.4, 1], range: ranges["yaxis.range"], fixedrange: true, tickformat: `.${this.series.decimals}f`, nticks: 8 },
        yaxis2: { domain: [0, 0.2], range: [0, 100], fixedrange: true, tickvals: [30, 50, 70], title: { text: "RSI" }, showgrid: false },
        yaxis3: { domain: [0.24, 0.36], range: ranges["yaxis3.range"], fixedrange: true, nticks: 3, tickformat: ".3~s", title: { text: "volume" }, showgrid: false },
      });
      // Prices follow by themselves: a drag goes along the time, but for a finger, which scrolls.
      base.dragmode &&= "pan";
      const isNew = !this.element.data;
      Plotly.react(this.element, traces, base, config);
      if (isNew) this.element.on("plotly_relayout", (changed) => this.follow(changed));
    }

    follow(changed) {
      if (!Object.keys(changed).some((name) => name.startsWith("xaxis.")) || "yaxis.range" in changed) return;
      this.view = this.element.layout.xaxis.range.map((time) => this.row(milliseconds(time)));
      Plotly.relayout(this.element, this.heights());
    }

    show(view) {
      this.view = view;
      Plotly.relayout(this.element, this.ranges());
    }

    move(part) {
      const by = part * (this.view[1] - this.view[0]);
      this.show(this.view.map((row) => row + by));
    }
  }

  // A chart names times by numbers as they were given, and by texts, in UTC, once they were dragged.
  function milliseconds(time) {
    if (typeof time === "number") return time;
    const [day, hour = "00:00"] = time.split(" ");
    return Date.parse(`${day}T${hour}Z`);
  }

  function addTools(chart) {
    const tools = document.createElement("div");
    tools.className = "tools";
    const actions = {
      "\u2190 earlier": () => chart.move(-0.5), "later \u2192": () => chart.move(0.5),
      recent: () => chart.show(chart.recent()), all: () => chart.show(chart.since(0)),
    };
    for (const [name, action] of Object.entries(actions)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", action);
      tools.append(button);
    }
    chart.element.before(tools);
  }

  // Many charts stay light: each is drawn when it comes near the window.
  const drawn = new Set();
  const watch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      const { series, plans } = data.shown[target.dataset.place];
      page.drawCandles(target, data.series[series], plans);
    }
  }, { rootMargin: "300px" });

  page.drawCandles = (element, series, plans) => {
    const chart = new Chart(element, series, plans);
    drawn.add(chart);
    addTools(chart);
    chart.draw();
  };
  page.dropCandles = () => drawn.clear();

  page.drawAlways(() => drawn.forEach((chart) => chart.draw()));
  for (const element of document.querySelectorAll(".candles")) watch.observe(element);
})();
