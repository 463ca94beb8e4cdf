export default { test: { include: ['*.test.mjs'], fileParallelism: true, maxWorkers: 2 } };
