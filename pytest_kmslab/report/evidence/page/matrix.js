/* Heat maps: what each principal was answered in the tests, and the access matrices that tests asked for. */

function seen() {
  const rows = new Map(), columns = new Map();
  for (const call of data.calls) {
    if (call[at.call.origin] !== 0) continue;
    for (const decision of decisionsOf(call)) {
      const who = whose(text(decision[at.decision.principal])), what = text(decision[at.decision.action]);
      if (!rows.has(who)) rows.set(who, new Map());
      const cells = rows.get(who);
      if (!cells.has(what)) cells.set(what, { allowed: 0, denied: 0, tests: new Set() });
      const cell = cells.get(what), kind = isDenied(decision) ? "denied" : "allowed";
      cell[kind] += 1;
      cell.tests.add(call[at.call.test]);
      cell[`${kind}Example`] ??= { call, decision };
      columns.set(what, (columns.get(what) || 0) + 1);
    }
  }
  return { rows, columns: [...columns.keys()].sort((one, other) => rank(one) - rank(other) || one.localeCompare(other)) };
}
const rank = (action) => ["kms", "dynamodb", "sts", "iam"].indexOf(action.split(":")[0]);

function heat(caption, rows, columns, cellOf) {
  const map = make("table", { class: "heat" },
    make("thead", {}, make("tr", {}, make("td"), columns.map((column) => make("th", { scope: "col" }, column)))),
    make("tbody", {}, rows.map((row) => make("tr", {}, make("th", { scope: "row" }, row), columns.map((column) => make("td", {}, cellOf(row, column) || make("span", { class: "none" })))))));
  return make("div", {}, make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, map), make("div", { class: "printed" }));
}

/* Paper does not scroll: a map goes on below itself, some columns at a time. */
const ON_PAPER = 9;
function inBands(map) {
  const columns = map.rows[0].cells.length - 1;
  return Array.from({ length: Math.ceil(columns / ON_PAPER) }, (_, band) => {
    const first = 1 + band * ON_PAPER;
    const rows = [...map.rows].map((row) => make("tr", {}, [row.cells[0], ...[...row.cells].slice(first, first + ON_PAPER)].map((cell) => cell.cloneNode(true))));
    return make("table", { class: "heat" }, make("thead", {}, rows[0]), make("tbody", {}, rows.slice(1)));
  });
}
function printMaps() {
  document.querySelectorAll("#matrix .scroll").forEach((frame) => frame.nextElementSibling.replaceChildren(...inBands(frame.firstElementChild)));
}

function drawSeen() {
  const { rows, columns } = seen();
  if (!rows.size) return [make("p", { class: "quiet" }, "No test of this run asked for anything that was decided.")];
  const cell = (who, what) => {
    const found = rows.get(who).get(what);
    if (!found) return null;
    const kind = found.allowed && found.denied ? "both" : found.denied ? "denied" : "allowed";
    const label = { allowed: `✓ ${found.allowed}`, denied: `✕ ${found.denied}`, both: `✓ ${found.allowed} ✕ ${found.denied}` }[kind];
    return make("button", { type: "button", class: `cell ${kind}`, "aria-label": `${who}, ${what}: ${found.allowed} allowed, ${found.denied} denied`, onclick: () => showSeen(who, what, found) }, label);
  };
  return [make("p", { class: "quiet" }, "What the tests of this run were answered: ✓ allowed, ✕ denied, and how often.", make("span", { class: "on-screen" }, " A cell opens its explanation.")), heat("What each principal was answered", [...rows.keys()].sort(), columns, cell)];
}

function showSeen(who, what, cell) {
  const example = (kind) => cell[`${kind}Example`] ? [make("h3", {}, word(kind), ` ${several(cell[kind], "time")}, first so`), ...because(cell[`${kind}Example`].decision), make("p", {}, make("button", { class: "plain", type: "button", onclick: () => showDecision(cell[`${kind}Example`].call, cell[`${kind}Example`].decision) }, "Show that decision"))] : [];
  const tests = [...cell.tests];
  show(`${who}: ${what}`, example("denied"), example("allowed"), make("h3", {}, `In ${several(tests.length, "test")}`), make("ul", {}, tests.slice(0, 30).map((index) => make("li", {}, testLink(index)))));
}

function drawAsked([test, cells]) {
  const key = (cell) => `${whose(text(cell[at.cell.principal]))}  ${text(cell[at.cell.action])}`;
  const rows = [...new Set(cells.map(key))], columns = [...new Set(cells.map((cell) => say(text(cell[at.cell.resource]))))];
  const byPlace = new Map(cells.map((cell) => [`${key(cell)}\n${say(text(cell[at.cell.resource]))}`, cell]));
  const draw = (row, column) => {
    const cell = byPlace.get(`${row}\n${column}`);
    if (!cell) return null;
    const kind = cell[at.cell.allowed] ? "allowed" : "denied";
    const why = cell[at.cell.explanation];
    return make("button", { type: "button", class: `cell ${kind}`, "aria-label": `${row} on ${column}: ${kind}`, onclick: () => show([word(kind), ` ${row} on ${column}`], why.length ? make("pre", {}, lines(why)) : make("p", {}, "This run decided more cells than are explained here.")) }, cell[at.cell.allowed] ? "✓" : "✕");
  };
  return make("div", {}, make("p", {}, "Asked for by ", testLink(test)), heat("Access matrix", rows, columns, draw));
}

function drawMatrix() {
  const asked = make("div");
  const more = data.matrices.length ? paged(asked, data.matrices, drawAsked, 5) : null;
  place("matrix").append(...drawSeen(), ...(more ? [make("h3", {}, "Access matrices that tests asked for: whole calls, decided without being made"), asked, more] : []));
}
