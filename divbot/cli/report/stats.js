(() => {
  const { data, config, colour, layout } = page;
  const select = document.getElementById("symbol");

  function drawEquity() {
    const { at, equity, underwater } = data.equity;
    const shapes = [{
      type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: data.balance, y1: data.balance,
      line: { color: colour("quiet"), width: 1, dash: "dot" },
    }];
    if (data.drawdown) {
      shapes.push({
        type: "rect", layer: "below", xref: "x", yref: "paper", y0: 0, y1: 1, line: { width: 0 },
        x0: data.drawdown.peak, x1: data.drawdown.recovered ?? data.until, fillcolor: colour("shade"),
      });
    }
    const lines = at.length > 1 ? "lines" : "lines+markers";
    Plotly.react("equity", [
      { x: at, y: equity, mode: lines, name: "equity", line: { color: colour("accent"), width: 1.8 },
        hovertemplate: "%{y:,.2f}<extra>equity</extra>" },
      { x: at, y: underwater, mode: lines, name: "drawdown", yaxis: "y2", fill: "tozeroy",
        line: { color: colour("loss"), width: 1.2 }, fillcolor: colour("shade"),
        hovertemplate: "%{y:.2f} %<extra>drawdown</extra>" },
    ], layout({
      hovermode: "x unified", showlegend: false, shapes,
      xaxis: { type: "date", anchor: "y2" },
      yaxis: { domain: [0.36, 1], title: { text: "equity, USDT" }, tickformat: ",.6~g" },
      yaxis2: {
        domain: [0, 0.3], title: { text: "drawdown, %" }, rangemode: "tozero",
        ...(data.drawdown ? {} : { range: [-1, 0] }),
      },
    }), config);
  }

  function drawProfits() {
    const { profit, total, text } = data.profits;
    if (profit.length === 0) return;
    const places = profit.map((_, place) => place + 1);
    Plotly.react("profits", [
      { type: "bar", x: places, y: profit, name: "trade", text, textposition: "none",
        marker: { color: profit.map((x) => colour(x < 0 ? "loss" : "gain")) },
        hovertemplate: "%{text}<extra></extra>" },
      { x: places, y: total, mode: total.length > 1 ? "lines" : "markers", name: "in all",
        line: { color: colour("accent"), width: 2 }, hovertemplate: "%{y:+,.2f}<extra>in all</extra>" },
    ], layout({
      hovermode: "x", showlegend: false, margin: { l: 56, r: 16, t: 28, b: 52 },
      xaxis: {
        title: { text: "trades in the order of closing", standoff: 6 }, rangemode: "tozero",
        ...(places.length < 10 ? { dtick: 1 } : {}),
      },
      yaxis: { title: { text: "profit, USDT" }, zeroline: true },
    }), config);
  }

  // One trace for all lines of a kind: a gap parts one trade from the next.
  function lines(trades, name, style, points) {
    const trace = { x: [], y: [], mode: "lines", name, line: style, hoverinfo: "skip" };
    for (const trade of trades) {
      const [y0, y1] = points(trade);
      trace.x.push(trade.entered, trade.exited ?? data.until, null);
      trace.y.push(y0, y1, null);
    }
    return trace;
  }

  function markers(trades, name, symbol, tint, point) {
    return {
      x: trades.map((trade) => point(trade)[0]), y: trades.map((trade) => point(trade)[1]),
      text: trades.map((trade) => trade.text), mode: "markers", name,
      marker: { symbol, color: colour(tint), size: 10, line: { color: colour("card"), width: 1 } },
      hovertemplate: `%{text}<br>${name} at %{y}, %{x|%Y-%m-%d %H:%M}<extra></extra>`,
    };
  }

  function drawFills() {
    if (data.symbols.length === 0) return;
    const { trades, candles, note } = data.symbols[select.value];
    document.getElementById("candles").textContent = note;
    const closed = trades.filter((trade) => trade.exited !== null);
    const entry = (trade) => [trade.entered, trade.entry];
    const faint = (tint) => ({ color: colour(tint), width: 1, dash: "dot" });
    const path = (trade) => [trade.entry, trade.exit];
    const look = (tint) => ({ line: { color: colour(tint), width: 1 }, fillcolor: colour(tint) });
    const traces = [
      ...(candles ? [{
        type: "candlestick", name: "candle", x: candles.open_time, open: candles.open, high: candles.high, low: candles.low,
        close: candles.close, xhoverformat: "%Y-%m-%d %H:%M", increasing: look("rise"), decreasing: look("fall"),
      }] : []),
      lines(trades, "first stop", faint("loss"), (trade) => [trade.stop, trade.stop]),
      lines(trades, "target", faint("gain"), (trade) => [trade.target, trade.target]),
      lines(closed.filter((trade) => trade.is_won), "won", { color: colour("gain"), width: 2 }, path),
      lines(closed.filter((trade) => !trade.is_won), "not won", { color: colour("loss"), width: 2 }, path),
      markers(trades.filter((trade) => trade.side === "BUY"), "long entry", "triangle-up", "gain", entry),
      markers(trades.filter((trade) => trade.side === "SELL"), "short entry", "triangle-down", "loss", entry),
      markers(closed, "exit", "x", "accent", (trade) => [trade.exited, trade.exit]),
    ].filter((trace) => trace.x.length);
    Plotly.react("fills", traces, layout({
      hovermode: "closest", xaxis: { type: "date", rangeslider: { visible: false } }, yaxis: { title: { text: "price" }, tickformat: ",.8~g" },
    }), config);
  }

  function draw() {
    drawEquity();
    drawProfits();
    drawFills();
  }

  data.symbols.forEach(({ name, trades }, place) => select.add(new Option(`${name} (${trades.length})`, place)));
  select?.addEventListener("change", drawFills);
  page.drawAlways(draw);
})();
