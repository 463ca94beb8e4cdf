// The server of mcp.mjs.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'server', version: '1.0.0' });
const answer = (text) => ({ content: [{ type: 'text', text }] });
const add = { inputSchema: { a: z.number(), b: z.number() } };
server.registerTool('add', add, async ({ a, b }) => answer(String(a + b)));
const large = { inputSchema: { length: z.number() } };
server.registerTool('large', large, async ({ length }) => answer('x'.repeat(length)));
server.registerTool('leave', { inputSchema: {} }, async () => process.exit(3));
console.error('up');
await server.connect(new StdioServerTransport());
