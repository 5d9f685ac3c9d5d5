// Licensed under the Apache License, Version 2.0; see LICENSE.
// clients.mjs LIBRARY USER PASSWORD URL...
const [library, user, password, ...urls] = process.argv.slice(2);
const imported = async name => {
  const all = await import(name);
  return all.default?.default ?? all.default ?? all;
};

const libraries = {
  async 'digest-fetch'(url) {
    const Client = await imported('digest-fetch');
    await new Client(user, password).fetch(url);
  },
  async 'axios-digest-auth'(url) {
    const Auth = await imported('@mhoc/axios-digest-auth');
    await new Auth({ username: user, password }).request({ method: 'GET', url });
  },
  async needle(url) {
    const needle = await imported('needle');
    await needle('get', url, { username: user, password, auth: 'auto' });
  },
  async urllib(url) {
    const urllib = await imported('urllib');
    await urllib.request(url, { digestAuth: `${user}:${password}` });
  },
};

for (const url of urls) {
  try {
    await libraries[library](url);
  } catch (error) {
    console.error(`${url}: ${error}`);
  }
}
process.exit();
