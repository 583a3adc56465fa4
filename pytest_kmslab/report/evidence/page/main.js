/* Draws the page: what is in view first, the rest when the browser has time. */

const SECTIONS = [drawSummary, drawTests, drawTimeline, drawPolicies, drawMatrix, drawCoverage, drawResources, drawRun];

/* On paper nothing can be opened: what was changed is, a moderate list of tests too, and the denials are listed. */
function prepareForPrint() {
  const tests = data.tests.length <= 300 ? "#tests .group, " : "";
  document.querySelectorAll(`${tests}#policies details, #coverage details`).forEach((details) => { details.open = true; details.dispatchEvent(new Event("toggle")); });
  const denied = data.calls.filter((call) => call[at.call.origin] < 2 && call[at.call.decisions].some(isDenied)).slice(0, 500);
  const printed = document.querySelector("#timeline .printed");
  printed.replaceChildren(make("ol", { class: "calls" }, denied.flatMap(entriesOf).map((entry) => make("li", {}, drawEntry(entry)))));
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
  addEventListener("afterprint", () => document.querySelector("#timeline .printed").replaceChildren());
  document.getElementById("main").removeAttribute("aria-busy");
  document.documentElement.dataset.ready = String(Math.round(performance.now() - began));
}
await main();
