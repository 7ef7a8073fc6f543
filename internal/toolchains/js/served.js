export { greet } from "./greet.js";

addEventListener("fetch", (event) => event.respondWith(respond(event.request)));

async function respond(request) {
  const { pathname } = new URL(request.url);
  return new Response(`${request.method} ${pathname} ${await request.text()}`, { headers: { "x-made-by": "js" } });
}
