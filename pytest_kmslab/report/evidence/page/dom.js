/* Makes elements: make("p", {class: "quiet"}, "text", otherElement). Texts are never taken for HTML. */

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

const place = (id) => document.querySelector(`#${id} > div`);
const word = (kind, label = kind) => make("span", { class: `word ${kind}` }, label);
const allowedOrDenied = (decision) => (isDenied(decision) ? word("denied") : word("allowed"));

/* Code in a sentence: `kms:Decrypt` between backticks, as the texts have it. */
function withCode(sentence) {
  return sentence.split("`").map((part, place) => (place % 2 ? make("code", {}, part) : part));
}

/* A long list, a part at a time; on paper, where nothing can be clicked, it is said that there is more. */
const PAGE = 50;
function paged(parent, rows, draw, size = PAGE) {
  let shown = 0;
  const button = make("button", { class: "more", type: "button", onclick: more });
  const left = make("p", { class: "quiet on-paper" });
  function more() {
    const first = shown;
    parent.append(...rows.slice(shown, shown + size).map(draw));
    shown = Math.min(rows.length, shown + size);
    button.hidden = shown >= rows.length;
    button.textContent = `Show ${Math.min(size, rows.length - shown)} more of ${number(rows.length - shown)}`;
    left.textContent = button.hidden ? "" : `The page itself shows ${number(rows.length - shown)} more.`;
    if (first && parent.children[first]) parent.children[first].querySelector("button, summary, a")?.focus();
  }
  more();
  return make("div", {}, button, left);
}

/* A section that is drawn when it is opened for the first time. */
function folded(attributes, summary, draw, open = false) {
  const body = make("div", { class: "body" });
  const details = make("details", attributes, make("summary", {}, summary), body);
  let isDrawn = false;
  const drawOnce = () => {
    if (isDrawn || !details.open) return;
    isDrawn = true;
    body.append(...[draw()].flat());
  };
  details.addEventListener("toggle", drawOnce);
  details.open = open;
  drawOnce();
  return details;
}

function table(heads, rows, attributes = {}) {
  const cells = (row) => row.map((cell, column) => {
    const isNumber = typeof cell === "number";
    const content = isNumber ? number(cell) : cell;
    return make("td", { class: isNumber ? "number" : undefined, "data-label": heads[column] || undefined }, content);
  });
  const isNumeric = (column) => rows.length > 0 && typeof rows[0][column] === "number";
  return make("table", attributes,
    make("thead", {}, make("tr", {}, heads.map((head, column) => make("th", { scope: "col", class: isNumeric(column) ? "number" : undefined }, head)))),
    make("tbody", {}, rows.map((row) => make("tr", {}, cells(row)))));
}

const facts = (pairs) => make("dl", {}, pairs.filter(([, value]) => value !== "" && value !== undefined).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));

/* The one dialog: what a button opens stands in it, Escape closes it, and the focus goes back to the button. */
const dialog = document.getElementById("detail");
function show(title, ...content) {
  dialog.replaceChildren(
    make("h2", { id: "detail-title" }, title),
    make("button", { class: "close", type: "button", onclick: () => dialog.close() }, "Close"),
    ...content.flat().filter(Boolean));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

function openTest(index) {
  dialog.close();
  showTest(index);
}
const testLink = (index) => make("button", { class: "plain", type: "button", onclick: () => openTest(index) }, testName(index));
function testName(index) {
  const test = data.tests[index];
  return test && text(test[at.test.id]) ? text(test[at.test.title]) : "outside the tests";
}

/* Why a decision was made so: in the words of its explanation, which says what the key policy leaves to others. */
function reasonsOf(decision) {
  const told = decision[at.decision.explanation].map(text);
  const start = told.indexOf("because") + 1;
  const end = told.findIndex((line, place) => place >= start && !line.startsWith("  "));
  return start && told.length ? told.slice(start, end < 0 ? undefined : end).map((line) => line.trim()) : decision[at.decision.because].map(text);
}

function because(decision) {
  const reasons = reasonsOf(decision);
  const explanation = decision[at.decision.explanation];
  return [
    make("p", {}, withCode(`${sentence(reasons[0] || "no reason was told")}.`)),
    reasons.length > 1 ? make("ul", {}, reasons.slice(1).map((reason) => make("li", {}, withCode(reason)))) : null,
    explanation.length ? make("pre", {}, lines(explanation)) : null,
  ];
}

function showDecision(call, decision) {
  const [action, principal, resource] = ["action", "principal", "resource"].map((name) => text(decision[at.decision[name]]));
  const via = text(decision[at.decision.via]);
  show([allowedOrDenied(decision), ` ${action}`], because(decision), facts([
    ["who", make("span", {}, whose(principal), " ", make("code", {}, principal))],
    ["on", make("span", {}, say(resource), " ", make("code", {}, resource))],
    ["in the call", make("code", {}, text(call[at.call.operation]))],
    ["asked by", via ? `${via}, as the caller` : "the caller"],
    ["AWS’s word", data.decisions[decision[at.decision.decision]]],
    ["when", `${clock(call[at.call.at])} s after the run began`],
    ["answered", text(call[at.call.error]) ? make("span", {}, make("code", {}, text(call[at.call.error])), ` ${text(call[at.call.message])}`) : ""],
    ["in the test", testLink(call[at.call.test])],
  ]));
}
