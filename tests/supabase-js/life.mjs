// The whole life of an account with the real client: what a browser or a server does with
// @supabase/supabase-js, against a running Loket. Exits 0 when every step held.
//
// Environment: LOKET_URL, LOKET_PUBLISHABLE_KEY, LOKET_SECRET_KEY, LOKET_PLATFORM_MAIL (the mail
// directory the confirmation and recovery mails arrive in).
import assert from 'node:assert/strict'
import { createHmac, webcrypto } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// Older versions of Node have neither as a global; the client expects both.
globalThis.crypto ??= webcrypto
class NoSocket {}
const transport = globalThis.WebSocket ?? NoSocket
const { createClient } = await import('@supabase/supabase-js')

const { LOKET_URL, LOKET_PUBLISHABLE_KEY, LOKET_SECRET_KEY, LOKET_PLATFORM_MAIL } = process.env
const client = (key = LOKET_PUBLISHABLE_KEY) =>
  createClient(LOKET_URL, key, {
    auth: { autoRefreshToken: false, persistSession: false, detectSessionInUrl: false },
    realtime: { transport },
  })

const email = `sanne.${Date.now()}@winkel.example`
const password = 'vier fietsen op zolder'
const newPassword = 'zeven kratten in de schuur'
let steps = 0
const step = async (name, work) => {
  try {
    await work()
    steps += 1
    console.log(`ok   ${name}`)
  } catch (error) {
    console.error(`FAIL ${name}`)
    throw error
  }
}
const good = ({ data, error }) => {
  assert.equal(error, null, error && `${error.status} ${error.code} ${error.message}`)
  return data
}
const refused = ({ error }, status, code) => {
  assert.ok(error, `should have been refused with ${code}`)
  assert.equal(error.code, code, error.message)
  assert.equal(error.status, status)
}

// Quoted-printable text of the newest mail to the address.
const mails = () =>
  readdirSync(join(LOKET_PLATFORM_MAIL, 'new'))
    .map((name) => readFileSync(join(LOKET_PLATFORM_MAIL, 'new', name), 'latin1'))
    .filter((raw) => raw.includes(`<${email}>`))
    .sort((a, b) => id(a).localeCompare(id(b)))
const id = (raw) => raw.match(/^Message-ID: (.*)$/im)[1]
const mail = async (count) => {
  for (let tries = 0; tries < 200; tries += 1) {
    let found = []
    try {
      found = mails()
    } catch {
      // The directory is made with the first mail.
    }
    if (found.length >= count) {
      return found[count - 1]
        .replaceAll('=\r\n', '')
        .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
    }
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`mail ${count} never came`)
}
const link = (text) => text.match(/http\S+\/auth\/v1\/verify\?\S+/)[0]

// RFC 6238 with SHA-1, 6 digits, 30 seconds.
const totp = (secret, at = Date.now()) => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret].map((c) => letters.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = mac[19] & 15
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const person = client()
const admin = client(LOKET_SECRET_KEY)

await step('sign up', async () => {
  const { user, session } = good(
    await person.auth.signUp({ email, password, options: { data: { naam: 'Sanne' } } }),
  )
  assert.equal(session, null)
  assert.equal(user.email, email)
  assert.equal(user.user_metadata.naam, 'Sanne')
  assert.equal(user.identities.length, 1)
})
await step('a weak password is refused with its reasons', async () => {
  const { error } = await client().auth.signUp({ email: `b.${email}`, password: 'password123' })
  assert.equal(error.name, 'AuthWeakPasswordError')
  assert.deepEqual(error.reasons, ['pwned'])
})
await step('not before the address is confirmed', async () => {
  refused(await person.auth.signInWithPassword({ email, password }), 400, 'email_not_confirmed')
})
await step('confirm with the mailed link', async () => {
  const answer = await fetch(link(await mail(1)), { redirect: 'manual' })
  assert.equal(answer.status, 303)
  const fragment = new URLSearchParams(new URL(answer.headers.get('location')).hash.slice(1))
  assert.equal(fragment.get('type'), 'signup')
  const { user } = good(
    await client().auth.setSession({
      access_token: fragment.get('access_token'),
      refresh_token: fragment.get('refresh_token'),
    }),
  )
  assert.ok(user.email_confirmed_at)
  const again = await fetch(link(await mail(1)), { redirect: 'manual' })
  assert.match(again.headers.get('location'), /error_code=otp_expired/)
})
await step('a wrong password, and nobody at all', async () => {
  refused(
    await person.auth.signInWithPassword({ email, password: 'iets anders dan dit' }),
    400,
    'invalid_credentials',
  )
  refused(
    await person.auth.signInWithPassword({ email: 'niemand@winkel.example', password }),
    400,
    'invalid_credentials',
  )
})
await step('sign in', async () => {
  const { session, user } = good(await person.auth.signInWithPassword({ email, password }))
  assert.equal(session.token_type, 'bearer')
  assert.ok(session.expires_at > Date.now() / 1000)
  assert.ok(user.last_sign_in_at)
})
await step('refresh rotates', async () => {
  const before = (await person.auth.getSession()).data.session
  const { session } = good(await person.auth.refreshSession())
  assert.notEqual(session.refresh_token, before.refresh_token)
  refused(
    await client().auth.refreshSession({ refresh_token: 'niet van ons' }),
    400,
    'refresh_token_not_found',
  )
})
await step('getUser and getClaims through JWKS', async () => {
  const { user } = good(await person.auth.getUser())
  assert.equal(user.email, email)
  // Without the HMAC detour: the key is fetched and the signature checked here.
  const { claims, header } = good(await person.auth.getClaims())
  assert.equal(header.alg, 'ES256')
  assert.equal(claims.sub, user.id)
  assert.equal(claims.role, 'authenticated')
  assert.equal(claims.aal, 'aal1')
  assert.equal(claims.amr[0].method, 'password')
})
await step('update', async () => {
  const { user } = good(await person.auth.updateUser({ data: { naam: 'Sanne de Wit' } }))
  assert.equal(user.user_metadata.naam, 'Sanne de Wit')
  refused(await person.auth.updateUser({ password }), 422, 'same_password')
})
await step('a second factor, to aal2', async () => {
  const factor = good(
    await person.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'telefoon' }),
  )
  assert.match(factor.totp.qr_code, /^data:image\/svg\+xml/)
  const challenge = good(await person.auth.mfa.challenge({ factorId: factor.id }))
  refused(
    await person.auth.mfa.verify({ factorId: factor.id, challengeId: challenge.id, code: '000000' }),
    422,
    'mfa_verification_failed',
  )
  const code = totp(factor.totp.secret)
  good(await person.auth.mfa.verify({ factorId: factor.id, challengeId: challenge.id, code }))
  const level = good(await person.auth.mfa.getAuthenticatorAssuranceLevel())
  assert.equal(level.currentLevel, 'aal2')
  const { claims } = good(await person.auth.getClaims())
  assert.ok(claims.amr.some(({ method }) => method === 'totp'))
  const { totp: verified } = good(await person.auth.mfa.listFactors())
  assert.equal(verified.length, 1)
  good(await person.auth.mfa.unenroll({ factorId: factor.id }))
})
await step('recover with the mailed link', async () => {
  good(await client().auth.resetPasswordForEmail(email, { redirectTo: `${LOKET_URL}/nieuw` }))
  good(await client().auth.resetPasswordForEmail(`niemand.${email}`))
  const address = new URL(link(await mail(2)))
  assert.equal(address.searchParams.get('redirect_to'), `${LOKET_URL}/nieuw`)
  const recovering = client()
  const { session } = good(
    await recovering.auth.verifyOtp({
      token_hash: address.searchParams.get('token'),
      type: 'recovery',
    }),
  )
  assert.ok(session.access_token)
  good(await recovering.auth.updateUser({ password: newPassword }))
  refused(
    await client().auth.signInWithPassword({ email, password }),
    400,
    'invalid_credentials',
  )
  refused(
    await client().auth.verifyOtp({ email, token: '123456', type: 'recovery' }),
    403,
    'otp_expired',
  )
})
await step('sign out everywhere', async () => {
  const [one, other] = [client(), client()]
  good(await one.auth.signInWithPassword({ email, password: newPassword }))
  good(await other.auth.signInWithPassword({ email, password: newPassword }))
  const left = (await other.auth.getSession()).data.session
  assert.equal((await one.auth.signOut()).error, null)
  const { error } = await client().auth.getUser(left.access_token)
  assert.equal(error.name, 'AuthSessionMissingError')
  refused(await other.auth.refreshSession(), 400, 'refresh_token_not_found')
})
await step('admin: list, create, get, update, link, invite, delete', async () => {
  const made = good(
    await admin.auth.admin.createUser({
      email: `gemaakt.${email}`,
      password,
      email_confirm: true,
      app_metadata: { plan: 'klein' },
    }),
  ).user
  assert.equal(made.app_metadata.plan, 'klein')
  const { users, total } = good(await admin.auth.admin.listUsers({ page: 1, perPage: 1 }))
  assert.equal(users[0].id, made.id)
  assert.ok(total >= 2)
  assert.equal(good(await admin.auth.admin.getUserById(made.id)).user.email, `gemaakt.${email}`)
  good(await admin.auth.admin.updateUserById(made.id, { ban_duration: '1h' }))
  refused(
    await client().auth.signInWithPassword({ email: `gemaakt.${email}`, password }),
    400,
    'user_banned',
  )
  const generated = good(
    await admin.auth.admin.generateLink({ type: 'magiclink', email }),
  )
  assert.match(generated.properties.action_link, /\/auth\/v1\/verify\?token=/)
  good(
    await client().auth.verifyOtp({
      token_hash: generated.properties.hashed_token,
      type: 'magiclink',
    }),
  )
  assert.ok(good(await admin.auth.admin.inviteUserByEmail(`gast.${email}`)).user.invited_at)
  good(await admin.auth.admin.deleteUser(made.id))
  refused(await admin.auth.admin.getUserById(made.id), 404, 'user_not_found')
  refused(await person.auth.admin.listUsers(), 403, 'not_admin')
})
await step('what is not offered is refused as documented', async () => {
  refused(await client().auth.signInAnonymously(), 422, 'anonymous_provider_disabled')
  refused(await client().auth.signInWithSSO({ domain: 'x.example' }), 404, 'saml_provider_disabled')
  refused(
    await client().auth.signInWithOtp({ phone: '+31600000000' }),
    400,
    'phone_provider_disabled',
  )
})
console.log(`${steps} steps`)
