/* What was changed of who may do what: key policies as a difference of two documents, everything else by its parameters. */

const pretty = (document) => { try { return JSON.stringify(JSON.parse(document), null, 2).split("\n"); } catch { return document.split("\n"); } };

/* The lines of two texts, as [mark, line]: the longest common lines stay. */
function difference(before, after) {
  let start = 0, end = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const a = before.slice(start, before.length - end), b = after.slice(start, after.length - end);
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) for (let j = b.length - 1; j >= 0; j -= 1) common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  const marked = before.slice(0, start).map((line) => [" ", line]);
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { marked.push([" ", a[i]]); i += 1; j += 1; }
    else if (i < a.length && (j >= b.length || common[i + 1][j] >= common[i][j + 1])) { marked.push(["-", a[i]]); i += 1; }
    else { marked.push(["+", b[j]]); j += 1; }
  }
  return marked.concat(before.slice(before.length - end).map((line) => [" ", line]));
}

const AROUND = 3;
function drawDifference(before, after) {
  const marked = difference(before ? pretty(before) : [], after ? pretty(after) : []);
  const near = marked.map(([mark], place) => marked.slice(Math.max(0, place - AROUND), place + AROUND + 1).some(([one]) => one !== " ") || /"Sid"/.test(marked[place][1]));
  const shown = [];
  let left = 0;
  marked.forEach(([mark, line], place) => {
    if (!near[place]) { left += 1; return; }
    if (left) shown.push(make("div", { class: "gap" }, `  ⋯ ${several(left, "line")} the same`));
    left = 0;
    const kind = { "+": "added", "-": "removed" }[mark];
    shown.push(make("div", { class: kind }, `${mark === "-" ? "−" : mark} ${line}`));
  });
  if (left) shown.push(make("div", { class: "gap" }, `  ⋯ ${several(left, "line")} the same`));
  return make("div", { class: "diff", role: "group", "aria-label": "difference of the policy" }, shown);
}

/* Who is named more or less than before, and how the statements changed, in a clause. */
const inShort = new Map();
function changeInShort(change) {
  if (!inShort.has(change)) inShort.set(change, newChangeInShort(change));
  return inShort.get(change);
}
function newChangeInShort(change) {
  const what = text(change[at.change.what]);
  const before = principalsOf(text(change[at.change.before])), after = principalsOf(text(change[at.change.after]));
  if (!text(change[at.change.before])) return `a ${what === "key policy" ? "new key policy" : `change of the ${what}`} (${text(data.calls[change[at.change.call]][at.call.operation])})`;
  const more = [...after].filter((one) => !before.has(one)).map(whose), less = [...before].filter((one) => !after.has(one)).map(whose);
  if (!more.length && !less.length) return `a change of the ${what} ${statementsThatDiffer(text(change[at.change.before]), text(change[at.change.after]))}`;
  const parts = [more.length ? `that names ${more.join(", ")} too` : "", less.length ? `that names ${less.join(", ")} no more` : ""].filter(Boolean);
  return `a change of the ${what}${parts.length ? ` ${parts.join(", and ")}` : ""}`;
}

function statementsThatDiffer(before, after) {
  const read = (document) => { try { return [JSON.parse(document).Statement].flat().map((one) => [one.Sid || "a statement without a Sid", JSON.stringify(one)]); } catch { return []; } };
  const [old, young] = [read(before), read(after)].map((statements) => new Map(statements.map(([sid, statement]) => [statement, sid])));
  const changed = new Set([...[...young].filter(([one]) => !old.has(one)), ...[...old].filter(([one]) => !young.has(one))].map(([, sid]) => sid));
  return changed.size ? `in ${[...changed].map((sid) => `“${sid}”`).join(", ")}` : "to the same again";
}

function principalsOf(document) {
  const found = new Set();
  const take = (value) => { if (typeof value === "string") found.add(value); else if (value) Object.values(value).flat().forEach(take); };
  try { [JSON.parse(document || "{}").Statement || []].flat().forEach((statement) => take(statement.Principal)); } catch { /* no JSON names nobody */ }
  return found;
}

function drawChange(change) {
  const call = data.calls[change[at.change.call]];
  const [what, before, after] = ["what", "before", "after"].map((name) => text(change[at.change[name]]));
  const isDocument = ["key policy", "table policy", "trust policy"].includes(what) && text(call[at.call.operation]) !== "dynamodb:DeleteResourcePolicy";
  return [
    make("p", {}, sentence(what), " of ", make("strong", {}, say(text(change[at.change.resource]))), ", changed by ", whose(text(call[at.call.principal])), make("span", { class: "quiet" }, ` ${clock(call[at.call.at])} s, ${text(call[at.call.operation])}`)),
    isDocument ? drawDifference(before, after) : make("pre", {}, pretty(after).join("\n")),
  ];
}

function drawPolicies() {
  if (!data.changes.length) { place("policies").append(make("p", { class: "quiet" }, "No policy, grant or key state was changed by a call of this run.")); return; }
  const kinds = [...new Set(data.changes.map((change) => text(change[at.change.what])))];
  const list = make("div"), counted = make("p", { class: "counted", role: "status" }), below = make("div");
  const kind = make("select", { onchange: redraw }, make("option", { value: "" }, "everything"), kinds.map((one) => make("option", {}, one)));
  if (kinds.includes("key policy")) kind.value = "key policy";
  function redraw() {
    const fitting = data.changes.filter((change) => !kind.value || text(change[at.change.what]) === kind.value);
    counted.textContent = `${several(fitting.length, "change")} shown`;
    list.replaceChildren();
    below.replaceChildren(paged(list, fitting, (change) => drawFolded(change, change === fitting[0]), 20));
  }
  function drawFolded(change, isOpen) {
    const call = data.calls[change[at.change.call]];
    const title = [sentence(changeInShort(change).replace(/^a change of the/, "the").replace(/^the (.*? policy) that names/, "the $1 now names").replace(/^the (.*? policy) (in|to) /, "the $1 changed $2 ").replace(/^a /, "")), make("span", { class: "quiet" }, ` · ${say(text(change[at.change.resource]))} · ${testName(call[at.call.test])}`)];
    return folded({ class: "group" }, title, () => [...drawChange(change), make("p", {}, "In the test ", testLink(call[at.call.test]))], isOpen);
  }
  place("policies").append(make("div", { class: "controls" }, make("label", {}, "What", kind), counted), list, below);
  redraw();
}
