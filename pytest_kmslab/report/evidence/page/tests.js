/* The tests by their files (the steps of the document), each with what it asserted and what was asked in it. */

const OUTCOMES = ["passed", "failed", "error", "crashed", "skipped", "xfailed", "xpassed"];
const BAD = ["failed", "error", "crashed"];
const shownTests = new Map();

function groupsOf(indexes) {
  const groups = new Map();
  for (const index of indexes) {
    const file = text(data.tests[index][at.test.module]);
    if (!groups.has(file)) groups.set(file, []);
    groups.get(file).push(index);
  }
  return groups;
}

function drawTests() {
  const list = make("div");
  const counted = make("p", { class: "counted", role: "status" });
  const search = make("input", { type: "search", "aria-label": "Tests whose name contains", placeholder: "name contains …", oninput: () => redraw() });
  const outcome = make("select", { onchange: () => redraw() }, make("option", { value: "" }, "all"), OUTCOMES.filter((one) => data.totals.outcomes[one]).map((one) => make("option", {}, one)));
  const all = data.tests.map((_, index) => index).filter((index) => text(data.tests[index][at.test.id]));
  function redraw() {
    const wanted = search.value.toLowerCase();
    const fitting = all.filter((index) => {
      const test = data.tests[index];
      return (!outcome.value || text(test[at.test.outcome]) === outcome.value) &&
        (!wanted || text(test[at.test.id]).toLowerCase().includes(wanted) || text(test[at.test.title]).toLowerCase().includes(wanted));
    });
    counted.textContent = `${several(fitting.length, "test")} shown`;
    shownTests.clear();
    const isChosen = Boolean(wanted || outcome.value) && fitting.length <= 200;
    list.replaceChildren(...[...groupsOf(fitting)].map(([file, indexes]) => drawGroup(file, indexes, isChosen)));
  }
  place("tests").append(make("div", { class: "controls" }, make("label", {}, "Name", search), make("label", {}, "Outcome", outcome), counted), list);
  redraw();
}

function drawGroup(file, indexes, open) {
  const title = text(data.tests[indexes[0]][at.test.moduleTitle]) || file;
  const bad = indexes.filter((index) => BAD.includes(text(data.tests[index][at.test.outcome]))).length;
  const asserted = indexes.flatMap((index) => assertedIn(data.tests[index]));
  const said = ["denied", "allowed"].map((kind) => [kind, asserted.filter((one) => text(one[at.assertion.kind]) === kind).length]).filter(([, count]) => count).map(([kind, count]) => `${number(count)} × ${kind}`);
  const counts = [`${several(indexes.length, "test")}${bad ? "" : ", none failed"}`, ...said].join(" · ");
  const body = () => {
    const list = make("div");
    const more = paged(list, indexes, drawTest, 200);
    return [list, more];
  };
  const group = folded({ class: "group" }, [title, " ", bad ? word("failed", `${bad} failed`) : null, make("span", { class: "quiet" }, ` ${counts}`, title === file ? "" : make("span", {}, " · ", make("code", {}, file)))].filter(Boolean), body, open || bad > 0);
  indexes.forEach((index) => shownTests.set(index, group));
  return group;
}

function drawTest(index) {
  const test = data.tests[index];
  const outcome = text(test[at.test.outcome]);
  const said = assertedInShort(test);
  const summary = make("span", { class: "line" }, word(outcome), make("span", { class: "title" }, sentence(text(test[at.test.title]))), make("span", { class: "said" }, said));
  return folded({ class: "test", id: `test-${index}` }, summary, () => drawTestBody(test));
}

function assertedInShort(test) {
  const kinds = assertedIn(test).map((one) => text(one[at.assertion.kind]));
  const count = (kind) => kinds.filter((one) => one === kind).length;
  return ["denied", "allowed"].filter(count).map((kind) => `${count(kind)} × ${kind}`).join(", ");
}

const assertedIn = (test) => test[at.test.assertions].filter((one) => !isTriedAgain(test, one));

/* A try of `eventually` after which there was another. */
function isTriedAgain(test, assertion) {
  const all = test[at.test.assertions], next = all[all.indexOf(assertion) + 1];
  return Boolean(next) && assertion[at.assertion.attempt] > 0 && next[at.assertion.attempt] === assertion[at.assertion.attempt] + 1;
}

function drawTestBody(test) {
  const failure = test[at.test.failure];
  return [
    make("p", { class: "quiet" }, make("code", {}, text(test[at.test.id])), ` · ${seconds(test[at.test.ms])}${text(test[at.test.worker]) ? ` · ${text(test[at.test.worker])}` : ""}`),
    drawAssertions(test),
    drawSubtests(test),
    failure.length ? [make("h3", {}, text(test[at.test.outcome]) === "skipped" ? "Why it was skipped" : "What pytest shows"), make("pre", {}, lines(failure))] : [],
    drawCallsOf(test),
  ].flat().filter(Boolean);
}

/* Alike assertions that follow one another are one line, with the calls that they were about. */
function drawAssertions(test) {
  const groups = [];
  for (const one of assertedIn(test)) {
    const unmet = text(one[at.assertion.unmet]), kind = text(one[at.assertion.kind]), tries = one[at.assertion.attempt];
    const wanted = text(one[at.assertion.wanted]) === "anything" ? "every call" : text(one[at.assertion.wanted]);
    const { whom, operations } = blockOf(test, one);
    const said = `${wanted} is ${kind}`, how = tries > 1 ? ` (eventually, at try ${tries})` : tries ? " (eventually)" : "";
    const key = [unmet, said, how, whom].join("\n"), last = groups[groups.length - 1];
    if (last && last.key === key) { last.count += 1; last.operations.push(...operations); } else groups.push({ key, unmet, said, how, whom, kind, count: 1, operations });
  }
  if (!groups.length) return null;
  return make("ul", { class: "asserted" }, groups.map((group) => {
    const operations = [...new Set(group.operations)];
    return make("li", {},
      make("span", { class: group.unmet ? "unmet" : "met" }, group.unmet ? "✗ not met: " : "✓ "), withCode(group.said),
      group.whom ? [group.kind === "denied" ? " to " : " for ", make("strong", {}, group.whom)] : [], group.how, group.count > 1 ? ` × ${group.count}` : "",
      operations.length ? make("span", { class: "calls-of" }, ` in ${operations.join(", ")}`) : null,
      group.unmet ? make("div", { class: "why" }, withCode(group.unmet)) : null);
  }));
}

/* Who asked in the block of an assertion, and by which calls; of a denial those that were denied. */
function blockOf(test, assertion) {
  const denied = text(assertion[at.assertion.kind]) === "denied";
  const whom = new Set(), operations = new Set();
  for (const call of callsOf(test)) {
    if (call[at.call.origin] === 2) continue;
    for (const decision of decisionsOf(call)) {
      const within = decision[at.decision.number] >= assertion[at.assertion.first] && decision[at.decision.number] <= assertion[at.assertion.last];
      if (!within || isDenied(decision) !== denied) continue;
      whom.add(whose(text(decision[at.decision.principal])));
      operations.add(text(call[at.call.operation]).split(":")[1]);
    }
  }
  return { whom: [...whom].slice(0, 3).join(", "), operations: [...operations] };
}

function drawSubtests(test) {
  const all = test[at.test.subtests];
  if (!all.length) return null;
  const bad = all.filter((one) => BAD.includes(text(one[at.subtest.outcome]))).length;
  const list = () => make("ul", { class: "asserted" }, all.map((one) => make("li", {}, word(text(one[at.subtest.outcome])), " ", text(one[at.subtest.name]) || "subtest", one[at.subtest.text].length ? make("pre", {}, lines(one[at.subtest.text])) : null)));
  return all.length > 4 ? folded({}, `${several(all.length, "subtest")}, ${bad || "none"} failed`, list, bad > 0) : list();
}

function drawCallsOf(test) {
  const calls = callsOf(test);
  if (!calls.length) return null;
  const list = make("ol", { class: "calls" });
  const own = calls.filter((call) => call[at.call.origin] === 0);
  const more = make("div");
  function draw(shown) {
    list.replaceChildren();
    more.replaceChildren(paged(list, shown.flatMap(entriesOf), (entry) => make("li", {}, drawEntry(entry)), 100));
  }
  draw(own.length ? own : calls);
  const all = make("input", { type: "checkbox", onchange: () => draw(all.checked ? calls : own) });
  const rest = calls.length - own.length;
  const check = own.length && rest ? make("label", { class: "check" }, all, `with ${several(rest, "call")} of fixtures and of the lab`) : null;
  return [make("h3", {}, "What was asked"), check ? make("div", { class: "controls" }, check) : null, list, more];
}

/* Open a test, wherever it is in the list. */
function showTest(index) {
  const group = shownTests.get(index);
  if (!group) { location.hash = "#tests"; return; }
  group.open = true;
  group.dispatchEvent(new Event("toggle"));
  let element = document.getElementById(`test-${index}`);
  for (let more = group.querySelector("button.more:not([hidden])"); !element && more && !more.hidden; element = document.getElementById(`test-${index}`)) more.click();
  if (!element) return;
  element.open = true;
  element.querySelector("summary").focus();
  element.scrollIntoView({ block: "start" });
}
