// The SDK of the Model Context Protocol: a server over the stdin and stdout of a child.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { say } from './say.mjs';

const textOf = ({ content }) => content[0].text;

async function start() {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ['./mcp-server.mjs'],
    stderr: 'pipe',
  });
  transport.stderr.on('data', (text) => say('stderr', String(text).trim()));
  const client = new Client({ name: 'client', version: '1.0.0' });
  client.onclose = () => say('closed');
  await client.connect(transport);
  return client;
}

const client = await start();
const call = (name, args) => client.callTool({ name, arguments: args });
const { tools } = await client.listTools();
say(
  'tools',
  tools.map(({ name }) => name),
);
const sums = Array.from({ length: 50 }, (_, b) => call('add', { a: 1, b }));
say('sums', (await Promise.all(sums)).map(textOf).join(' '));
say('large', textOf(await call('large', { length: 2_000_000 })).length);
await client.close();

const lost = await start();
const { message } = await lost.callTool({ name: 'leave', arguments: {} }).catch((error) => error);
say('lost', message);
