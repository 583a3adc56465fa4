/* The head of the page, and its three answers: who was denied what and why, what changed it, what is left. */

function drawHead() {
  const { totals, run } = data;
  const outcomes = totals.outcomes;
  const tests = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const bad = (outcomes.failed || 0) + (outcomes.error || 0) + (outcomes.crashed || 0);
  const failed = bad ? `${number(bad)} of ${several(tests, "test")} failed` : `${several(tests, "test")} ran, none failed`;
  document.getElementById("verdict").textContent = `${failed}; ${number(totals.denied)} of ${several(totals.decisions, "decision")} were denials`;
  const where = { moto: "moto, in the test process", aws: "an AWS account", localstack: run.place || "LocalStack or another endpoint" }[run.backend] || run.backend;
  const how = { enforce: "every call to KMS, DynamoDB, IAM and STS was decided by its policies", off: "enforcement was OFF: nobody was denied anything", observe: "AWS decided, and pytest-kmslab compared" }[run.enforcement];
  const began = run.started.replace("T", " ").slice(0, 16);
  document.getElementById("lead").textContent = `On ${where}; ${how}. ${began} UTC, ${seconds(run.seconds * 1000)}${run.workers ? `, ${run.workers} workers` : ""}.`;
  document.title = `${failed}: pytest-kmslab`;
}

const bare = (reason) => reason.replace(/-[0-9a-f]{8}-[A-Za-z0-9]{1,6}-[0-9]+/g, "");
const bared = new Map();
function withoutSuffix(number) {
  if (!bared.has(number)) bared.set(number, bare(text(number)));
  return bared.get(number);
}

/* The denials of the tests, alike ones together: who, what, on what and why. */
function denials() {
  const groups = new Map();
  for (const call of data.calls) {
    if (call[at.call.origin] === 2) continue;
    for (const decision of decisionsOf(call)) {
      if (!isDenied(decision)) continue;
      const who = whose(text(decision[at.decision.principal])), what = text(decision[at.decision.action]);
      const on = say(text(decision[at.decision.resource])).replace(/ [0-9a-f]{8}…$/, "");
      const why = decision[at.decision.because].map(withoutSuffix).join("; ");
      const key = [who, what, on, why].join("\n");
      if (!groups.has(key)) groups.set(key, { who, what, on, why, count: 0, calls: new Set(), tests: new Set(), call, decision });
      const group = groups.get(key);
      group.count += 1;
      group.calls.add(text(call[at.call.operation]));
      group.tests.add(call[at.call.test]);
    }
  }
  return merged([...groups.values()]).sort((one, other) => other.count - one.count);
}

/* Several actions that were denied as often and for the same reason are one line. */
function merged(groups) {
  const lines = new Map();
  for (const group of groups) {
    const key = [group.who, group.on, group.why, group.count].join("\n");
    if (lines.has(key)) {
      const line = lines.get(key);
      line.actions.push(group.what);
      for (const part of ["calls", "tests"]) group[part].forEach((one) => line[part].add(one));
    } else lines.set(key, Object.assign(group, { actions: [group.what] }));
  }
  for (const line of lines.values()) line.count *= line.actions.length;
  return [...lines.values()];
}

function drawDenials() {
  const rows = denials();
  const body = make("tbody");
  const drawn = (group) => {
    const calls = [...group.calls].filter((name) => !group.actions.includes(name));
    const actions = group.actions.flatMap((action, place) => [place ? ", " : "", make("code", {}, action)]);
    const asked = calls.length ? make("span", { class: "why" }, ` in ${calls.slice(0, 3).join(", ")}${calls.length > 3 ? ` and ${several(calls.length - 3, "other call")}` : ""}`) : null;
    return make("tr", {},
      make("td", {}, make("strong", {}, group.who)),
      make("td", {}, actions, " on ", group.on, asked),
      make("td", {}, withCode(reasonsOf(group.decision).map(bare).join("; ")), ". ", make("button", { class: "plain act", type: "button", onclick: () => showDenial(group) }, "Explain")),
      make("td", { class: "number" }, `${number(group.count)} ×`));
  };
  const more = paged(body, rows, drawn, 12);
  const heads = ["Who", "was denied what", "because", "how often"].map((head) => make("th", { scope: "col", class: head === "how often" ? "number" : undefined }, head));
  return make("div", { class: "answer" },
    make("h3", {}, "Who was denied what, and why"),
    rows.length ? make("table", { class: "stack" }, make("thead", {}, make("tr", {}, heads)), body) : make("p", { class: "quiet" }, data.run.enforcement === "off" ? "Nobody: enforcement was off, so this run proves nothing about permissions." : "Nobody was denied anything by the tests of this run."),
    rows.length ? more : null);
}

function showDenial(group) {
  const tests = [...group.tests];
  show([word("denied"), ` ${group.actions.join(", ")} to ${group.who}`], because(group.decision),
    make("h3", {}, `In ${several(tests.length, "test")}`),
    make("ul", {}, tests.slice(0, 30).map((index) => make("li", {}, testLink(index)))),
    tests.length > 30 ? make("p", { class: "quiet" }, `and ${several(tests.length - 30, "other")}`) : null,
    facts([["the first", make("button", { class: "plain", type: "button", onclick: () => showDecision(group.call, group.decision) }, "Show the decision")]]));
}

/* Where somebody was answered otherwise than before: alike turns together. */
function turns() {
  const groups = new Map();
  data.tests.forEach((test, index) => {
    for (const turn of test[at.test.turns]) {
      const who = whose(text(turn[at.turn.principal])), what = text(turn[at.turn.action]);
      const changes = turn[at.turn.changes].map((change) => data.changes[change]);
      const why = changes.length ? changes.map(changeInShort).join(", then ") : "";
      const key = [who, what, turn[at.turn.after] === 0, why].join("\n");
      if (!groups.has(key)) groups.set(key, { who, what, allowed: turn[at.turn.after] === 0, why, changes, count: 0, tests: new Set() });
      groups.get(key).count += 1;
      groups.get(key).tests.add(index);
    }
  });
  return [...groups.values()].sort((one, other) => other.count - one.count);
}

function drawTurns() {
  const rows = turns();
  const list = make("div");
  const drawn = (turn) => make("div", { class: "change" },
    make("p", {}, make("strong", {}, turn.who), ": ", make("code", {}, turn.what), " ",
      word(turn.allowed ? "denied" : "allowed"), " → ", word(turn.allowed ? "allowed" : "denied"), " ",
      turn.why ? `after ${turn.why}` : "without a change of a policy in between: what was asked differs, or time passed"),
    make("p", { class: "why" }, `in ${several(turn.tests.size, "test")}, such as “`, testLink([...turn.tests][0]), "”. ",
      turn.changes.length ? make("button", { class: "plain act", type: "button", onclick: () => showChanges(turn) }, "Show what changed") : null));
  const more = paged(list, rows, drawn, 8);
  return make("div", { class: "answer" }, make("h3", {}, "What changed it"),
    rows.length ? [list, more] : make("p", { class: "quiet" }, "In no test was anybody answered otherwise than before."));
}

function showChanges(turn) {
  show(`${sentence(turn.why)}: ${turn.who} ${turn.allowed ? "allowed" : "denied"}`, turn.changes.flatMap(drawChange));
}

function drawLeft() {
  const { run, totals } = data;
  const kept = run.kept.length ? [make("p", {}, "Kept, as --kmslab-keep asks:"), make("pre", {}, run.kept.join("\n"))] : [];
  const left = run.left.length
    ? [make("p", { class: "warning" }, "This run has left something behind."), make("pre", {}, run.left.join("\n"))]
    : [make("p", {}, totals.made ? `Nothing: ${several(totals.made, "resource")} were made, and all are gone again.` : "Nothing was made.")];
  return make("div", { class: "answer" }, make("h3", {}, "What is left"), left, kept);
}

function drawSummary() {
  const undecided = Object.entries(data.run.undecided);
  place("summary").append(
    ...(undecided.length ? [make("p", { class: "note" }, `Not decided: ${undecided.map(([address, calls]) => `${several(calls, "call")} to ${address}`).join(", ")}. What was allowed there proves nothing.`)] : []),
    make("div", { class: "answers" }, drawDenials(), drawTurns(), drawLeft()));
}
