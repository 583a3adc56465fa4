/* Policy coverage, resources with their cost, and the run itself. */

const OWNERS = { test: "the tests’ own", lab: "written by the lab", AWS: "managed by AWS" };

function drawCoverage() {
  const coverage = data.run.policy_coverage;
  if (!coverage) { place("coverage").append(make("p", { class: "quiet" }, "Nothing was gathered.")); return; }
  const own = coverage.policies.filter((policy) => policy.owner === "test"), others = coverage.policies.filter((policy) => policy.owner !== "test");
  const untested = own.flatMap((policy) => policy.statements.filter((one) => !one.decided && one.effect === "Deny").map((one) => `\`${one.name}\` of ${policy.title}`));
  place("coverage").append(
    make("p", {}, coverage.statements ? `${number(coverage.covered)} of ${several(coverage.statements, "statement")} of the policies under test decided something (${coverage.percent} %).` : "No policy of the tests’ own decided anything: all that were asked are AWS’s or the lab’s."),
    ...(untested.length ? [make("p", { class: "warning" }, withCode(`A Deny that no test met: ${untested.join(", ")}.`))] : []));
  const list = make("div"), rest = make("div");
  place("coverage").append(list, paged(list, own, drawPolicyCoverage, 30));
  if (others.length) place("coverage").append(folded({ class: "group" }, `${several(others.length, "policy", "policies")} that are not under test`, () => [rest, paged(rest, others, drawPolicyCoverage, 30)]));
}

function drawPolicyCoverage(policy) {
  const counted = policy.statements.filter((one) => policy.owner !== "test" || !one.by_lab), met = counted.filter((one) => one.decided).length;
  const counts = ` ${OWNERS[policy.owner] || policy.owner}: ${met} of ${several(counted.length, "statement")} decided something`;
  return folded({ class: "group" }, [make("strong", {}, policy.title), make("span", { class: "quiet" }, counts)], () => [
    table(["statement", "effect", "decided"], policy.statements.map((one) => [make("code", {}, one.name), one.effect, one.decided ? one.decided : word(one.effect === "Deny" ? "denied" : "skipped", one.by_lab ? "never (the lab’s own)" : "never")])),
    make("pre", {}, pretty(policy.text).join("\n"))]);
}

function drawResources() {
  const kinds = new Map();
  for (const row of data.resources) {
    const kind = text(row[at.resource.kind]);
    if (!kinds.has(kind)) kinds.set(kind, { made: 0, undone: 0, longest: 0 });
    const group = kinds.get(kind), undone = row[at.resource.undone];
    group.made += 1;
    group.undone += undone >= 0 ? 1 : 0;
    group.longest = Math.max(group.longest, (undone >= 0 ? undone : data.run.seconds * 1000) - row[at.resource.made]);
  }
  if (!kinds.size) { place("resources").append(make("p", { class: "quiet" }, "Nothing was made.")); return; }
  const list = make("tbody"), rows = data.resources;
  const detail = folded({ class: "group" }, `Each of the ${number(rows.length)}`, () => {
    const more = paged(list, rows, (row) => make("tr", {}, [text(row[at.resource.kind]), make("code", {}, text(row[at.resource.name])), clock(row[at.resource.made]), row[at.resource.undone] >= 0 ? clock(row[at.resource.undone]) : word("failed", "left"), testLink(row[at.resource.test])].map((cell) => make("td", {}, cell))), 100);
    return [make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ["kind", "name", "made, s", "removed, s", "in the test"].map((head) => make("th", { scope: "col" }, head)))), list)), more];
  });
  place("resources").append(
    table(["kind", "made", "removed", "left", "lived at most"], [...kinds].map(([kind, one]) => [kind, one.made, one.undone, one.made - one.undone, seconds(one.longest)]), { class: "narrow" }),
    make("p", {}, data.run.cost || (data.run.backend === "aws" ? "What it cost is not known." : "It cost nothing: no resource was in an AWS account.")), detail);
}

function drawRun() {
  const { run, totals } = data;
  const observed = run.observed ? Object.entries(run.observed).map(([kind, count]) => `${number(count)} ${{ agreed: "decided as predicted", unsettled: "not settled yet", inconclusive: "not judged", disagreements: "decided otherwise" }[kind] || kind}`).join(", ") : "";
  const undecided = Object.entries(run.undecided).map(([address, calls]) => `${several(calls, "call")} to ${address}`).join(", ");
  place("run").append(facts([
    ["backend", run.backend + (run.place ? `, ${run.place}` : "")], ["account", run.account || "not shown"], ["Region", run.region], ["enforcement", run.enforcement],
    ["calls", number(totals.calls)], ["decisions", `${number(totals.decisions)}, of them ${number(totals.denied)} denied`], ["not decided", undecided || "no call"],
    ["AWS’s answers", observed], ["began", run.started.replace("T", " ").slice(0, 19) + " UTC"], ["took", seconds(run.seconds * 1000)], ["processes", run.workers ? several(run.workers, "xdist worker") : "one"],
    ["pytest’s exit status", String(run.exit_status)], ["versions", Object.entries(run.versions).map(([name, version]) => `${name} ${version}`).join(", ")]]),
  make("footer", {}, "Written by pytest-kmslab. Names lose what a run adds to make them unique; secrets are in no part of this page."));
}
