'use strict';

require('../describe-children.js')('one');
