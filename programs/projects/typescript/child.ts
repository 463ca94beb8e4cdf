const text: string = 'from a child';
process.send?.(text);
process.on('message', () => {});
