(() => {
  const { data, config, colour, layout } = page;
  const select = document.getElementById("pair");

  function drawLuck() {
    if (!data.luck) return;
    const { edges, counts } = data.luck;
    const middles = counts.map((_, place) => (edges[place] + edges[place + 1]) / 2);
    const shares = counts.map((count) => count / counts.reduce((sum, x) => sum + x, 0));
    const winner = data.settings[0];
    Plotly.react("luck", [
      { type: "bar", x: middles, y: shares, name: "luck", width: edges[1] - edges[0],
        marker: { color: colour("quiet"), opacity: 0.55 }, hovertemplate: "t %{x:.2f}: %{y:.1%} of worlds<extra></extra>" },
      // In a lane of their own below the curve: on its ground they would hide what stands on the axis.
      { type: "scatter", mode: "markers", x: data.settings.map((x) => x.t), y: data.settings.map(() => 0), yaxis: "y2", name: "settings",
        text: data.settings.map((x) => x.name),
        marker: { color: colour("accent"), size: 7, opacity: 0.5 }, hovertemplate: "%{text}<br>t %{x:.2f}<extra></extra>" },
    ], layout({
      hovermode: "closest", bargap: 0,
      margin: { l: 56, r: 16, t: 44, b: 52 },
      legend: { orientation: "h", x: 0, y: 1.08, yanchor: "bottom" },
      xaxis: { title: { text: "t on development", standoff: 6 }, anchor: "y2", zeroline: false },
      yaxis: { title: { text: "part of the worlds" }, tickformat: ".0%", rangemode: "tozero", domain: [0.14, 1] },
      yaxis2: { domain: [0, 0.11], range: [-1, 1], showgrid: false, zeroline: false, showticklabels: false, fixedrange: true },
      shapes: [{ type: "line", x0: winner.t, x1: winner.t, yref: "paper", y0: 0, y1: 1,
        line: { color: colour("gain"), width: 2 } }],
      annotations: [{ x: winner.t, yref: "paper", y: 1, text: `winner, t = ${winner.t.toFixed(2)}`, showarrow: false, yanchor: "bottom",
        xanchor: winner.t > (edges[0] + edges[edges.length - 1]) / 2 ? "right" : "left", font: { color: colour("gain") } }],
    }), config);
  }

  function drawWinner() {
    if (!data.winner) return;
    const { development, holdout, gap, sealed, holdout_is: is } = data.winner;
    const traces = [
      { x: development.at, y: development.r, mode: "lines", name: "development",
        line: { color: colour("accent"), width: 1.8 }, hovertemplate: "%{y:.1f} R<extra>development</extra>" },
    ];
    if (holdout) {
      traces.push({ x: holdout.at, y: holdout.r, mode: "lines", name: "holdout",
        line: { color: colour("gain"), width: 1.8 }, hovertemplate: "%{y:.1f} R<extra>holdout</extra>" });
    }
    const shade = (span, fill) => ({ type: "rect", layer: "below", x0: span[0], x1: span[1], yref: "paper", y0: 0, y1: 1,
      line: { width: 0 }, fillcolor: fill });
    Plotly.react("winner", traces, layout({
      hovermode: "x unified", showlegend: traces.length > 1,
      xaxis: { type: "date", range: [development.at[0], sealed[1]] },
      yaxis: { title: { text: "sum of R" }, zeroline: true },
      shapes: [shade(gap, colour("line")), shade(sealed, colour("shade"))],
      annotations: [{ x: (sealed[0] + sealed[1]) / 2, yref: "paper", y: 1, text: is, showarrow: false, yanchor: "top",
        font: { color: colour("quiet") } }],
    }), config);
  }

  function drawHeat() {
    if (!select) return;
    const pair = data.pairs[Number(select.value)];
    const size = Math.max(...pair.r.flat().map((x) => Math.abs(x ?? 0)), 1e-9);
    Plotly.react("heat", [
      { type: "heatmap", x: pair.columns, y: pair.rows, z: pair.r, text: pair.text, zmin: -size, zmax: size, xgap: 2, ygap: 2,
        colorscale: [[0, colour("loss")], [0.5, colour("card")], [1, colour("gain")]], hoverongaps: false,
        colorbar: { thickness: 10, outlinewidth: 0, tickformat: ".2f", tickfont: { color: colour("text") } },
        hovertemplate: `${pair.x} %{x}, ${pair.y} %{y}<br>%{text}<extra></extra>`,
        texttemplate: "%{z:.2f}" },
    ], layout({
      hovermode: "closest",
      margin: { l: 56, r: 16, t: 28, b: 52 },
      // Values are names: equal steps, whatever lies between them.
      xaxis: { type: "category", title: { text: pair.x, standoff: 6 } },
      yaxis: { type: "category", title: { text: pair.y } },
    }), config);
  }

  if (select) {
    data.pairs.forEach((pair, place) => select.add(new Option(`${pair.x} and ${pair.y}`, place)));
    select.addEventListener("change", drawHeat);
  }
  page.drawAlways(() => { drawLuck(); drawWinner(); drawHeat(); });
})();
