'use strict';

require('../describe-children.js')('two');
