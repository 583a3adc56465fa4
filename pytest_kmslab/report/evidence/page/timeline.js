/* Every call in order, and below it the KMS requests that a service made for it. Only what is in view is drawn. */

/* The entries of a call: itself with what it asked for, then what was asked of KMS for it. */
function entriesOf(call) {
  const decisions = call[at.call.decisions];
  const own = decisions.filter((one) => !text(one[at.decision.via]));
  const via = decisions.filter((one) => text(one[at.decision.via]));
  const first = own.find(isDenied) || own[0] || decisions[0];
  const entries = [{ call, decision: first && text(first[at.decision.via]) ? undefined : first, isCall: true }];
  for (const one of own) if (one !== first && text(one[at.decision.action]) !== text(first[at.decision.action])) entries.push({ call, decision: one });
  for (const one of via) entries.push({ call, decision: one, via: true });
  return entries;
}

function drawEntry({ call, decision, isCall, via }) {
  const action = decision ? text(decision[at.decision.action]) : text(call[at.call.operation]);
  const resource = decision ? say(text(decision[at.decision.resource])) : "";
  const error = text(call[at.call.error]);
  const refused = isCall && error && !(decision && isDenied(decision)) && !call[at.call.decisions].some(isDenied);
  const change = call[at.call.change];
  return make("button", { type: "button", class: `entry${via || !isCall ? " via" : ""}${isCall && change >= 0 ? " changed" : ""}`, title: `${action} ${resource}`, onclick: () => (decision ? showDecision(call, decision) : showCall(call)) },
    make("span", { class: "at" }, isCall ? clock(call[at.call.at]) : ""),
    make("span", {}, decision ? allowedOrDenied(decision) : word("skipped", "refused")),
    make("span", { class: "who" }, isCall ? whose(text(call[at.call.principal])) : via ? `by ${text(decision[at.decision.via])}` : ""),
    make("span", { class: "what" }, isCall ? text(call[at.call.operation]) : action, make("span", { class: "on" }, resource ? ` on ${resource}` : "", refused ? ` · answered ${error}` : "", isCall && change >= 0 ? ` · changes the ${text(data.changes[change][at.change.what])}` : "")));
}

function showCall(call) {
  show(text(call[at.call.operation]), make("p", {}, "The service refused this call before any permission was asked for."), facts([
    ["who", make("code", {}, text(call[at.call.principal]))], ["answered", `${text(call[at.call.error])}: ${text(call[at.call.message])}`],
    ["in the test", testLink(call[at.call.test])]]));
}

function drawTimeline() {
  const rowHeight = matchMedia("(max-width: 44rem)").matches ? 62 : 32;
  const frame = make("div", { class: "window", tabindex: "0", role: "listbox", "aria-label": "Calls in order; arrow keys choose one, Enter opens it", style: `--row: ${rowHeight}px` });
  const space = make("div", { class: "space" }), rows = make("div", { class: "rows" });
  frame.append(space, rows);
  let entries = [], selected = 0;
  const counted = make("p", { class: "counted", role: "status" });
  const answer = make("select", { onchange: redraw }, make("option", { value: "" }, "all"), make("option", { value: "denied" }, "denied"), make("option", { value: "changed" }, "changes of policies"));
  const whom = make("select", { onchange: redraw }, make("option", { value: "0" }, "the tests"), make("option", { value: "1" }, "the tests and fixtures"), make("option", { value: "2" }, "everybody, the lab too"));
  const search = make("input", { type: "search", "aria-label": "Calls that contain", placeholder: "user, action, resource …", oninput: redraw });
  const haystacks = new Map();
  const order = data.calls.map((_, index) => index).sort((one, other) => data.calls[one][at.call.at] - data.calls[other][at.call.at] || one - other);
  function haystack(index) {
    if (!haystacks.has(index)) {
      const call = data.calls[index], parts = [text(call[at.call.operation]), whose(text(call[at.call.principal])), text(call[at.call.principal])];
      for (const one of decisionsOf(call)) parts.push(text(one[at.decision.action]), say(text(one[at.decision.resource])), text(one[at.decision.resource]));
      haystacks.set(index, parts.join(" ").toLowerCase());
    }
    return haystacks.get(index);
  }
  function redraw() {
    const wanted = search.value.toLowerCase(), most = Number(whom.value);
    const fitting = order.filter((index) => {
      const call = data.calls[index];
      return call[at.call.origin] <= most && (answer.value !== "denied" || call[at.call.decisions].some(isDenied)) &&
        (answer.value !== "changed" || call[at.call.change] >= 0) && (!wanted || haystack(index).includes(wanted));
    });
    entries = fitting.flatMap((index) => entriesOf(data.calls[index]));
    counted.textContent = `${several(fitting.length, "call")} shown`;
    space.style.height = `${entries.length * rowHeight}px`;
    selected = 0;
    frame.scrollTop = 0;
    drawRows();
  }
  function drawRows() {
    const first = Math.max(0, Math.floor(frame.scrollTop / rowHeight) - 5);
    const last = Math.min(entries.length, Math.ceil((frame.scrollTop + (frame.clientHeight || 600)) / rowHeight) + 5);
    rows.replaceChildren(...entries.slice(first, last).map((entry, offset) => {
      const row = drawEntry(entry), number = first + offset;
      row.id = `row-${number}`;
      row.tabIndex = -1;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(number === selected));
      row.style.top = `${number * rowHeight}px`;
      row.addEventListener("click", () => { selected = number; drawRows(); });
      return row;
    }));
    frame.setAttribute("aria-activedescendant", entries.length ? `row-${selected}` : "");
  }
  frame.addEventListener("scroll", () => requestAnimationFrame(drawRows));
  frame.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(frame.clientHeight / rowHeight) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key in steps) {
      event.preventDefault();
      selected = Math.max(0, Math.min(entries.length - 1, selected + steps[event.key]));
      const top = selected * rowHeight;
      if (top < frame.scrollTop) frame.scrollTop = top;
      if (top + rowHeight > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + rowHeight - frame.clientHeight;
      drawRows();
    }
    if ((event.key === "Enter" || event.key === " ") && entries[selected]) {
      event.preventDefault();
      const { call, decision } = entries[selected];
      if (decision) showDecision(call, decision); else showCall(call);
    }
  });
  place("timeline").append(make("p", { class: "quiet" }, "Indented are the requests to KMS that DynamoDB made in the caller’s name."),
    make("div", { class: "controls" }, make("label", {}, "Answer", answer), make("label", {}, "Asked by", whom), make("label", {}, "Search", search), counted), frame, make("div", { class: "printed" }));
  redraw();
}
