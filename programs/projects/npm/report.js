const { npm_lifecycle_event: event, npm_package_name: name, NODE_OPTIONS } = process.env;
console.log('reported', process.argv[2], event, name, NODE_OPTIONS.split('--require').length);
