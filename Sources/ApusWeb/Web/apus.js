// Apus in the browser; see docs/DASHBOARD.md.
(function (window, document, history) {
  'use strict';
  var script = document.currentScript || {}, data = script.dataset || {}, memory = {};
  var url = (data.host || (script.src ? new URL(script.src).origin : '')).replace(/\/$/, '') + '/v1/events' +
    (data.table ? '?table=' + encodeURIComponent(data.table) : '');
  var timer = 0, sending = false, failures = 0, lastPage;

  // Without storage all lives as long as the page.
  function read(key) {
    if (key in memory) return memory[key];
    try { return JSON.parse(localStorage.getItem('apus.' + key)); } catch (e) { return null; }
  }
  function write(key, value) {
    try {
      localStorage.setItem('apus.' + key, JSON.stringify(value));
      delete memory[key];
    } catch (e) { memory[key] = value; }
  }
  function id() {
    return window.crypto && crypto.randomUUID ? crypto.randomUUID() : [Date.now(), Math.random(), Math.random()].join();
  }
  function remembered(key) {
    var value = read(key);
    if (!value) write(key, value = id());
    return value;
  }
  function session() {
    var now = Date.now(), s = read('session');
    if (!s || now - s.t > 18e5) s = { id: id() };
    s.t = now;
    write('session', s);
    return s.id;
  }
  function queue() { return read('queue') || []; }

  function track(event, properties) {
    var item = {
      event: String(event), event_id: id(), time: new Date().toISOString(),
      anonymous_id: remembered('anonymous'), session_id: session(),
      properties: Object.assign({ url: location.href, path: location.pathname, title: document.title }, properties)
    }, user = read('user');
    if (user) item.user_id = user;
    write('queue', queue().concat(item).slice(-1000));
    later(2000);
  }
  function later(ms) { timer = timer || setTimeout(flush, ms); }
  function body(items) {
    var now = new Date().toISOString();
    return JSON.stringify(items.map(function (item) {
      return Object.assign({}, item, { sent_at: now, $b: undefined });
    }));
  }

  // No network, 408, 429, 5xx: sent again, later and later.
  function flush() {
    clearTimeout(timer);
    timer = 0;
    var items = queue().slice(0, 50), gone = {};
    if (sending || !items.length) return Promise.resolve();
    sending = true;
    return fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: body(items) })
      .then(function (reply) {
        var s = reply.status;
        if (s === 408 || s === 429 || s > 499) throw reply.headers.get('Retry-After');
        if (!reply.ok) console.warn('apus: refused, ' + s);
        items.forEach(function (item) { gone[item.event_id] = 1; });
        write('queue', queue().filter(function (item) { return !gone[item.event_id]; }));
        sending = false;
        failures = 0;
        if (queue().length) later(1);
      })
      .catch(function (seconds) {
        sending = false;
        later(Math.max(seconds * 1000 || 0, Math.min(6e4, 1000 * Math.pow(2, failures++))));
      });
  }

  // Whether a beacon arrives is not told: the next page sends again, while the server knows the event ids.
  function leave() {
    var all = queue(), part = [];
    if (!navigator.sendBeacon || navigator.onLine === false) return;
    function send() {
      if (part.length && navigator.sendBeacon(url, new Blob([body(part)], { type: 'text/plain' })))
        part.forEach(function (item) { item.$b = Date.now(); });
      part = [];
    }
    all.forEach(function (item) {
      if (item.$b) return;
      if (body(part.concat(item)).length > 2e4) send();
      part.push(item);
    });
    send();
    write('queue', all);
  }

  function page(name, properties) {
    lastPage = location.href;
    track('$pageview', Object.assign({ referrer: document.referrer }, name && { name: name }, properties));
  }
  function moved() { setTimeout(function () { if (location.href !== lastPage) page(); }); }

  var early = window.apus, api = window.apus = {
    track: track, page: page, flush: flush,
    identify: function (user, traits) {
      if (user) write('user', String(user));
      track('$identify', traits && { $set: traits });
    },
    reset: function () { ['user', 'anonymous', 'session'].forEach(function (key) { write(key, null); }); }
  };
  write('queue', queue().filter(function (item) { return !item.$b || Date.now() - item.$b < 432e5; }));
  if (data.auto !== 'off') {
    ['pushState', 'replaceState'].forEach(function (name) {
      var original = history[name];
      history[name] = function () { original.apply(history, arguments); moved(); };
    });
    addEventListener('popstate', moved);
    page();
  }
  if (Array.isArray(early)) early.forEach(function (call) { api[call[0]].apply(api, call.slice(1)); });
  addEventListener('online', flush);
  addEventListener('pagehide', leave);
  document.addEventListener('visibilitychange', function () { if (document.hidden) leave(); });
  if (queue().length) later(500);
})(window, document, history);
