// A reverse proxy before `shoal serve`: it counts what the origin sends, and breaks things on order.
import { createServer, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { pass } from './wait.mjs';

/**
 * One order to break things, tried in the order given; the first whose `match` fits the path wins.
 * @typedef {object} Fault
 * @property {RegExp} match paths that it is for
 * @property {number} [status] answer with this status and no body
 * @property {string} [body] answer with this text
 * @property {Record<string, string>} [headers] set on the answer; on the origin's own when neither status nor body is given
 * @property {(text: string) => string} [edit] changes the origin's own answer
 * @property {number} [delay] milliseconds before the answer
 * @property {number} [rate] bytes a second of the body at most
 */

export class Proxy {
  /** @type {Fault[]} */
  faults = [];
  /** Every answer: its path, its status, the bytes of its body that went out, and whether that was all of it. */
  answers = [];
  /** WebSocket paths that were asked for, in order, refused ones included. */
  sockets = [];
  /** While true, WebSockets are refused. */
  refusing = false;

  #target;
  #server;
  #open = new Set();
  #live = new Set();

  constructor(targetPort) {
    this.#target = targetPort;
    this.#server = createServer((question, answer) => this.#forward(question, answer));
    this.#server.on('upgrade', (question, socket, head) => this.#upgrade(question, socket, head));
    this.#server.on('connection', (socket) => {
      this.#live.add(socket);
      socket.once('close', () => this.#live.delete(socket));
    });
  }

  listen() {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve(this.#server.address().port));
    });
  }

  close() {
    for (const socket of this.#live) socket.destroy();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  /** Bytes of bodies that went out for paths that match. */
  sent(match) {
    return this.#sum(({ path }) => match.test(path));
  }

  /** Bytes of those bodies that a viewer broke off: some were on their way, some lie in the browser's cache. */
  brokenOff(match) {
    return this.#sum(({ path, whole }) => match.test(path) && !whole);
  }

  #sum(counts) {
    return this.answers.reduce((sum, answer) => (counts(answer) ? sum + answer.bytes : sum), 0);
  }

  /** WebSockets that are open at present. */
  get openSockets() {
    return this.#open.size;
  }

  /** Cuts every WebSocket, as a tracker does that dies. */
  cutSockets() {
    for (const socket of this.#open) socket.destroy();
  }

  #forward(question, answer) {
    const path = question.url;
    const fault = this.faults.find(({ match }) => match.test(path)) ?? {};
    const record = { path, range: question.headers.range, status: 0, bytes: 0, whole: false };
    this.answers.push(record);
    const begin = () => {
      if (fault.status !== undefined || fault.body !== undefined) {
        record.status = fault.status ?? 200;
        answer.writeHead(record.status, { 'access-control-allow-origin': '*', ...fault.headers });
        answer.end(fault.body ?? '');
        return;
      }
      const { method, headers } = question;
      const onward = request({ port: this.#target, host: '127.0.0.1', method, path, headers }, (reply) => {
        record.status = reply.statusCode;
        if (fault.edit !== undefined) {
          void edit(reply, answer, fault);
          return;
        }
        answer.writeHead(reply.statusCode, { ...reply.headers, ...fault.headers });
        void pour(reply, answer, record, fault.rate);
      });
      onward.on('error', () => answer.destroy());
      answer.on('close', () => onward.destroy());
      question.pipe(onward);
    };
    if (fault.delay === undefined) begin();
    else setTimeout(begin, fault.delay);
  }

  #upgrade(question, socket, head) {
    this.sockets.push(question.url);
    if (this.refusing) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n');
      return;
    }
    const { method, url, headers } = question;
    const onward = request({ port: this.#target, host: '127.0.0.1', method, path: url, headers });
    onward.on('upgrade', (reply, far, farHead) => {
      const lines = Object.entries(reply.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      far.write(head);
      socket.write(farHead);
      far.pipe(socket).pipe(far);
      this.#open.add(socket);
      for (const [one, other] of [[socket, far], [far, socket]]) {
        one.on('error', () => one.destroy());
        one.on('close', () => {
          other.destroy();
          this.#open.delete(socket);
        });
      }
    });
    onward.on('response', (reply) => socket.end(`HTTP/1.1 ${reply.statusCode} Refused\r\nconnection: close\r\n\r\n`));
    onward.on('error', () => socket.destroy());
    onward.end();
  }
}

/** Passes a changed body on. */
async function edit(reply, answer, fault) {
  const text = fault.edit(Buffer.concat(await reply.toArray()).toString());
  const { etag: _, 'content-length': __, ...headers } = reply.headers;
  answer.writeHead(reply.statusCode, { ...headers, ...fault.headers });
  answer.end(text);
}

/** Passes a body on, counting it, and no faster than the rate. */
async function pour(reply, answer, record, rate) {
  const counted = async function* (chunks) {
    for await (const chunk of chunks) {
      if (rate) await pass((chunk.length / rate) * 1000);
      record.bytes += chunk.length;
      yield chunk;
    }
  };
  // A viewer that goes away in the middle is part of the tests.
  record.whole = await pipeline(reply, counted, answer).then(() => true, () => false);
  if (!record.whole) answer.destroy();
}
