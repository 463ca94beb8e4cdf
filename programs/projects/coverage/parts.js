exports.first = () => 'first';
exports.second = () => 'second';
exports.third = () => 'third';
exports.fourth = () => 'fourth';
exports.never = () => 'never';
