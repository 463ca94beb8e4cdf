export const shared = (name, how) => [name, how].join(' ');
