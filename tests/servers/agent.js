// SPDX-License-Identifier: GPL-2.0
// A client with Node's own pool: agent.js PORT PATH SOCKETS AT_ONCE PAUSE_MS. So many requests at once, again and again,
// over at most so many connections.
'use strict';
const http = require('http');

const [port, path, sockets, atOnce, pauseMs] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(sockets) });

function ask() {
  return new Promise((resolve) => {
    const request = http.get({ agent, port, path, host: '127.0.0.1' }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    // A connection that the server has just closed.
    request.on('error', resolve);
  });
}

async function askAgainAndAgain() {
  for (;;) {
    await Promise.all(Array.from({ length: Number(atOnce) }, ask));
    await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
  }
}

console.log('ready');
askAgainAndAgain();
