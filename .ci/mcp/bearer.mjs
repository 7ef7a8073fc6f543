// Forwards requests to an MCP URL with a bearer token, for clients that can send none:
//   node bearer.mjs URL TOKEN
// prints its own URL. All other headers, Host among them, go on as they came.
import http from "node:http";

const [target, token] = process.argv.slice(2);
const to = new URL(target);

const server = http.createServer((req, res) => {
  const out = http.request(
    { host: to.hostname.replace(/^\[|\]$/g, ""), port: to.port, method: req.method, path: req.url, headers: { ...req.headers, authorization: `Bearer ${token}` } },
    (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
      answer.on("error", () => res.destroy());
    },
  );
  out.on("error", (err) => (res.headersSent ? res.destroy() : res.writeHead(502).end(String(err))));
  res.on("close", () => out.destroy()); // a client that leaves has cancelled
  req.pipe(out);
});
server.listen(0, "127.0.0.1", () => {
  const url = new URL(target);
  url.hostname = "localhost";
  url.port = server.address().port;
  console.log(url.href);
});
