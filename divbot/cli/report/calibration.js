(() => {
  const { data, config, colour, layout } = page;
  const LARGEST = 32;

  function draw() {
    const bins = data.bins.filter((bin) => bin.cases > 0);
    const text = bins.map((bin) => `stated ${bin.stated.toFixed(3)}, happened ${bin.happened.toFixed(3)}, ${bin.cases} cases`);
    Plotly.react("reliability", [
      { x: [0, 1], y: [0, 1], mode: "lines", name: "as stated", hoverinfo: "skip",
        line: { color: colour("quiet"), width: 1, dash: "dot" } },
      { x: [0, 1], y: [data.share, data.share], mode: "lines", name: "share of all cases", hoverinfo: "skip",
        line: { color: colour("gain"), width: 1, dash: "dash" } },
      { x: bins.map((bin) => bin.stated), y: bins.map((bin) => bin.happened), mode: "lines+markers",
        name: "happened", text, hovertemplate: "%{text}<extra></extra>",
        line: { color: colour("accent"), width: 1.8 },
        // The area of a dot is the number of its cases: few of them prove little.
        marker: { color: colour("accent"), size: bins.map((bin) => bin.cases), sizemode: "area", sizemin: 3,
          sizeref: 2 * Math.max(...bins.map((bin) => bin.cases)) / LARGEST ** 2 } },
      { type: "bar", x: bins.map((bin) => (bin.low + bin.high) / 2), y: bins.map((bin) => bin.cases), yaxis: "y2",
        name: "cases", width: bins.map((bin) => (bin.high - bin.low) * 0.9), text, textposition: "none",
        hovertemplate: "%{text}<extra></extra>", marker: { color: colour("quiet") } },
    ], layout({
      hovermode: "closest",
      xaxis: { range: [0, 1], anchor: "y2", title: { text: "confidence stated" } },
      yaxis: { domain: [0.32, 1], range: [0, 1], title: { text: "reached the target" } },
      yaxis2: { domain: [0, 0.24], title: { text: "cases" }, rangemode: "tozero" },
    }), config);
  }

  page.drawAlways(draw);
})();
