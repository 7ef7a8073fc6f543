// The entry point of the component. The engine dispatches one `fetch` event for
// each call of wasi:http/incoming-handler, and an instance serves one request
// only. The top level of every module runs once, when the component is built;
// what it leaves in memory is the state in which each instance starts.

import * as z from "zod";
import { app } from "./app.js";
import { clearFreeMemory } from "./snapshot.js";

// Compiling validators to functions does not pay off within one request.
z.config({ jitless: true });

addEventListener("fetch", (event) => {
  const fetchEvent = event as FetchEvent;
  fetchEvent.respondWith(Promise.resolve(app.fetch(fetchEvent.request)));
});

/** FetchEvent is the engine's event; the DOM library does not declare it. */
interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

clearFreeMemory();
