// The real binary, as `make run` starts it: the demo shop with the platforms
// simulated beside it, in a folder of its own. Nothing here is a stand-in.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BINARY = process.env.ONETHREAD_TEST_BINARY ?? fileURLToPath(new URL('../../../target/debug/onethread', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** A debug build on a busy machine is slow to seed its shop. */
const START_WITHIN = 60_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export class Gateway {
  #child = null;
  #log = [];

  /** A gateway that runs, with the demo shop in it. */
  static async start() {
    const gateway = new Gateway();
    gateway.folder = await mkdtemp(join(tmpdir(), 'onethread-browser-'));
    [gateway.port, gateway.platformsPort] = [await freePort(), await freePort()];
    gateway.console = `http://127.0.0.1:${gateway.port}`;
    gateway.phones = `http://127.0.0.1:${gateway.platformsPort}`;
    await gateway.up();
    return gateway;
  }

  /** Up again after `down`, on the same addresses and with the same data. */
  async up() {
    const environment = { ...process.env, ONETHREAD_LISTEN: `127.0.0.1:${this.port}`, ONETHREAD_DATA_DIR: this.folder };
    delete environment.ONETHREAD_DATABASE_URL;
    this.#child = spawn(BINARY, ['demo', '--platforms', `127.0.0.1:${this.platformsPort}`], { cwd: ROOT, env: environment });
    this.#child.on('error', () => {});
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#log.push(line));
    const late = setTimeout(() => this.#child.kill('SIGKILL'), START_WITHIN);
    let lines = 0;
    for await (const line of createInterface({ input: this.#child.stdout })) {
      this.#log.push(line);
      if (/^(Console|Phones|Stop) /.test(line) && ++lines === 3) break;
    }
    clearTimeout(late);
    if (lines < 3) throw new Error(`the gateway did not start:\n${this.log}`);
  }

  async down() {
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    await gone;
    clearTimeout(late);
  }

  async close() {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** What it logged, newest last: for a story that fails. */
  get log() {
    return this.#log.slice(-60).join('\n');
  }
}
