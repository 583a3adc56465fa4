"use strict";

/* Reads the data of the page, and names what is in it. */

async function readData() {
  const packed = atob(document.getElementById("data").textContent.trim());
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

let data;
const at = {}; // at.call.operation is the column of a call's operation
const names = new Map(); // what people call a resource, by its ARN

function useData(read) {
  data = read;
  for (const [kind, columns] of Object.entries(data.columns)) {
    at[kind] = Object.fromEntries(columns.map((name, place) => [name, place]));
  }
  for (const row of data.resources) {
    names.set(text(row[at.resource.arn]), `${text(row[at.resource.kind]).replace(/^\S+ (?=key|user|role|group|policy)/, "")} ${base(text(row[at.resource.name]))}`);
  }
}

const text = (number) => data.texts[number];
const lines = (numbers) => numbers.map(text).join("\n");
const base = (name) => name.replace(/-[0-9a-f]{8}-[A-Za-z0-9]{1,6}-[0-9]+$/, "");
const isDenied = (decision) => decision[at.decision.decision] !== 0;

/* An ARN as people say it: `user mounika`, `table my_table_kms`; without what a run adds to make names unique. */
const spoken = new Map();
function say(arn) {
  if (!spoken.has(arn)) spoken.set(arn, sayNew(arn));
  return spoken.get(arn);
}

function sayNew(arn) {
  if (names.has(arn)) return names.get(arn);
  const parts = arn.split(":");
  if (parts.length < 6) return arn === "*" ? "everything" : arn;
  const resource = parts.slice(5).join(":");
  const [kind, ...path] = resource.split("/");
  if (kind === "root") return "the root user";
  if (kind === "assumed-role") return `role ${base(path[0])}`;
  if (kind === "table" && path[1]) return `${path[1]} ${path.slice(2).join("/")} of table ${base(path[0])}`;
  if (kind === "key") return `key ${path[0].slice(0, 8)}…`;
  return path.length ? `${kind} ${base(path[path.length - 1])}` : base(resource);
}

const whose = (arn) => say(arn).replace(/^user /, "");

function* decisionsOf(call) {
  for (const decision of call[at.call.decisions]) yield decision;
}

const callsOf = (test) => data.calls.slice(test[at.test.calls], test[at.test.calls] + test[at.test.callCount]);
const seconds = (ms) => (ms < 10000 ? `${(ms / 1000).toFixed(2)} s` : ms < 120000 ? `${Math.round(ms / 1000)} s` : `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`);
const clock = (ms) => `+${(ms / 1000).toFixed(3)}`;
const number = (count) => count.toLocaleString("en");
const several = (count, noun, plural = `${noun}s`) => `${number(count)} ${count === 1 ? noun : plural}`;
const sentence = (clause) => clause.charAt(0).toUpperCase() + clause.slice(1);
