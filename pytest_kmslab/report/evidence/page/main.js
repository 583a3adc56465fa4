/* Draws the page: what is in view first, the rest when the browser has time. */

const SECTIONS = [drawSummary, drawTests, drawTimeline, drawPolicies, drawMatrix, drawCoverage, drawResources, drawRun];

/* On paper nothing can be opened: what was changed is, a moderate list of tests too, and the denials are listed. */
const DENIED_ON_PAPER = 500;
function prepareForPrint() {
  const tests = data.tests.length <= 300 ? "#tests .group, " : "";
  document.querySelectorAll(`${tests}#policies details, #coverage details`).forEach((details) => { details.open = true; details.dispatchEvent(new Event("toggle")); });
  for (let button, clicks = 0; (button = document.querySelector("#summary button.more:not([hidden])")) && clicks < 100; clicks += 1) button.click();
  printMaps();
  const denied = data.calls.filter((call) => call[at.call.origin] < 2 && call[at.call.decisions].some(isDenied)), shown = denied.slice(0, DENIED_ON_PAPER);
  const which = shown.length < denied.length ? `Of ${several(denied.length, "call")} that met a denial the first ${shown.length}` : `The ${several(denied.length, "call")} that met a denial`;
  const told = `${which}; the page itself shows all ${number(data.calls.length)}.`;
  document.querySelector("#timeline .printed").replaceChildren(make("p", { class: "quiet" }, told), make("ol", { class: "calls" }, shown.flatMap(entriesOf).map((entry) => make("li", {}, drawEntry(entry)))));
}

async function main() {
  const began = performance.now();
  try {
    useData(await readData());
  } catch (error) {
    document.getElementById("loading").textContent = `The data of this page cannot be read by this browser: ${error.message}`;
    return;
  }
  drawHead();
  document.getElementById("loading").remove();
  for (const draw of SECTIONS) {
    draw();
    await new Promise((done) => setTimeout(done));
  }
  addEventListener("beforeprint", prepareForPrint);
  addEventListener("afterprint", () => document.querySelectorAll(".printed").forEach((printed) => printed.replaceChildren()));
  document.getElementById("main").removeAttribute("aria-busy");
  document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}
await main();
