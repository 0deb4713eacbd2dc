// Chromium for one run of one arm, and what its processes take.
import { readdirSync, readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';
import { ask } from '../../scripts/run.mjs';
import { CHROMIUM } from '../../tests/e2e/support/chromium.mjs';

const TICKS = Number(ask('getconf', 'CLK_TCK') ?? 100); // a second

/** One browser for all viewers, or with `own` one for each. */
export class Browsers {
  #own;
  #open = [];

  static async launch(own) {
    const browsers = new Browsers();
    browsers.#own = own;
    if (!own) await browsers.#another();
    return browsers;
  }

  /** A context in which nobody has been: no cache, no stored choice. */
  async context() {
    const browser = this.#own ? await this.#another() : this.#open[0];
    return browser.createBrowserContext();
  }

  version() {
    return this.#open[0].version();
  }

  /** Processor seconds so far by kind of process (`browser`, `renderer`, …), those that have ended included. */
  cpu() {
    const seconds = {};
    for (const pid of this.#pids()) seconds[kind(pid)] = (seconds[kind(pid)] ?? 0) + ticks(pid) / TICKS;
    return seconds;
  }

  /** Bytes of memory of all their processes; shared pages are shared out. */
  memory() {
    return this.#pids().reduce((sum, pid) => sum + proportional(pid), 0);
  }

  async close() {
    await Promise.all(this.#open.map((browser) => browser.close()));
  }

  async #another() {
    const browser = await puppeteer.launch(CHROMIUM);
    this.#open.push(browser);
    return browser;
  }

  #pids() {
    const children = new Map();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const parent = stat(pid)?.[1];
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    }
    const found = this.#open.map((browser) => String(browser.process().pid));
    for (let i = 0; i < found.length; i += 1) found.push(...(children.get(found[i]) ?? []));
    return found;
  }
}

/** The fields of a process from its state on, or undefined when it is gone. Its name may hold anything. */
function stat(pid) {
  const text = read(`/proc/${pid}/stat`);
  return text && text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function kind(pid) {
  const words = (read(`/proc/${pid}/cmdline`) ?? '').split(/[\0 ]/);
  const [sub, type] = ['--utility-sub-type=', '--type='].map((flag) => words.find((word) => word.startsWith(flag))?.slice(flag.length));
  return sub ?? type ?? 'browser';
}

/** Its own ticks, in user mode and in the kernel, and those of children that have ended. */
function ticks(pid) {
  return (stat(pid) ?? []).slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

function proportional(pid) {
  const kilobytes = /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** A file of a process, which may end at any moment. */
function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
