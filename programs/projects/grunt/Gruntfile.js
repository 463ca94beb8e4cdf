'use strict';

module.exports = (grunt) => {
  grunt.initConfig({ concurrent: { both: ['say:one', 'say:two'] } });
  grunt.loadNpmTasks('grunt-concurrent');

  grunt.registerTask('say', (word) => console.log(`says ${word}`));
  grunt.registerTask('program', function program() {
    const done = this.async();
    const args = ['-c', 'echo out; echo err >&2; exit 2'];
    grunt.util.spawn({ cmd: 'sh', args }, (error, { stdout, stderr }, code) => {
      console.log(error.message, stdout, stderr, code);
      done();
    });
  });
  grunt.registerTask('itself', function itself() {
    const done = this.async();
    const options = { grunt: true, args: ['say:nested'], opts: { stdio: 'inherit' } };
    grunt.util.spawn(options, (error, _result, code) => {
      console.log(error, code);
      done();
    });
  });
  grunt.registerTask('missing', function missing() {
    const done = this.async();
    grunt.util.spawn({ cmd: 'no-such-program' }, (error, _result, code) => {
      console.log(error.message, code);
      done();
    });
  });
  grunt.registerTask('default', ['program', 'itself', 'concurrent', 'missing']);
};
