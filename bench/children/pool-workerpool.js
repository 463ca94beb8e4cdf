'use strict';
// The same for a pool that is told its functions.

require('workerpool').worker(require('./pool.js'));
