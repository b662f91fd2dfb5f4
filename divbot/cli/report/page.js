"use strict";
const page = (() => {
  const config = {
    responsive: true, displaylogo: false, showSendToCloud: false, modeBarButtonsToRemove: ["lasso2d", "select2d"],
  };

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  }

  function layout(changes) {
    const axis = { gridcolor: colour("line"), zerolinecolor: colour("line"), automargin: true };
    const base = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: colour("text"), size: 12 },
      margin: { l: 56, r: 16, t: 28, b: 36 },
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("text") } },
      legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
      // A finger that drags scrolls the page.
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      modebar: { color: colour("quiet"), activecolor: colour("accent"), bgcolor: "rgba(0,0,0,0)" },
    };
    for (const [name, value] of Object.entries(changes)) {
      base[name] = /^[xy]axis/.test(name) ? { ...axis, ...value } : value;
    }
    return base;
  }

  function valueOf(cell, isNumber) {
    const text = cell.dataset.value ?? cell.textContent;
    if (text === "") return null;
    return isNumber ? Number.parseFloat(text.replaceAll(",", "")) : text;
  }

  function sortBy(head) {
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    sorted(head.closest("table"));
  }

  // Put the rows of a table, which may be new, in the order that its head says.
  function sorted(table) {
    const head = table.querySelector("th[aria-sort]");
    if (head === null) return;
    const isNumber = head.classList.contains("number");
    const ascending = head.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [valueOf(row.cells[head.cellIndex], isNumber), row]);
    rows.sort(([one], [other]) => {
      // What is missing comes last, whichever way.
      if (one === null || other === null) return (one === null) - (other === null);
      return (one < other ? -1 : one > other ? 1 : 0) * (ascending ? 1 : -1);
    });
    body.append(...rows.map(([, row]) => row));
  }

  for (const button of document.querySelectorAll("th > button")) {
    button.addEventListener("click", () => sortBy(button.parentElement));
  }

  // Show the rows that hold every word, wherever in the row it stands; return what does it again.
  function addFilter(part) {
    // What is said of others in a row is not what one looks for: 1h stands at rows of 5m, too.
    const ownOf = (row) => [...row.cells].filter((cell) => !cell.classList.contains("wraps"));
    const textOf = (row) => ownOf(row).map((cell) => cell.textContent).join(" ").toLowerCase();
    // A number is meant from its first digit on: 5m is no part of 15m.
    const has = (text, word) => {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
        if (!/^\d/.test(word) || !/[\d.]/.test(text[at - 1] ?? "")) return true;
      }
      return false;
    };
    const label = document.createElement("label"), field = document.createElement("input"), count = document.createElement("output");
    field.type = "search";
    // A table that is live may have no row yet.
    const cells = [...part.querySelector("tbody tr")?.cells ?? []];
    const example = cells.find((cell) => cell.classList.contains("word")) ?? cells[0];
    field.placeholder = `such as ${example?.textContent ?? "BTC buy"}`;
    label.append("Filter ", field, " ", count);
    label.className = "filter";
    function show() {
      const words = field.value.toLowerCase().split(/\s+/), rows = [...part.querySelectorAll("tbody tr")];
      rows.forEach((row) => { const text = textOf(row); row.hidden = !words.every((word) => has(text, word)); });
      count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    }
    field.addEventListener("input", show);
    show();
    part.before(label);
    return show;
  }

  for (const part of document.querySelectorAll(".filtered")) addFilter(part);

  // Colours are read when a chart is drawn: another scheme is another drawing.
  function drawAlways(draw) {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    draw();
  }

  const data = JSON.parse(document.getElementById("data").textContent);
  return { data, config, colour, layout, drawAlways, sorted, addFilter };
})();
