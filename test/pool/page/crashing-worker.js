import '/dist/pool-worker.js';

addEventListener('message', ({ data }) => {
  if (data === 'throw') throw new Error('thrown by the page');
});
