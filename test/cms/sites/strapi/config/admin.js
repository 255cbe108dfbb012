module.exports = () => ({
  // The API of the panel is there all the same.
  serveAdminPanel: false,
  auth: { secret: 'secret-of-the-proof' },
  apiToken: { salt: 'salt-of-the-proof' },
  transfer: { token: { salt: 'salt-of-the-proof' } },
  secrets: { encryptionKey: 'encryption-key-of-the-proof-0123' },
})
