// The module `mail` by the contract alone: any AMQP client will do, no SDK is needed.
//
//   npm ci && RESISTOR_AMQP_URL=amqp://… node mail.js
//
// It acknowledges an action only after the broker has confirmed its result: if it dies before, the action comes
// again. When the broker goes away it ends with 1, and whatever started it starts it again.

const { randomUUID } = require('node:crypto');
const amqp = require('amqplib');

const url = process.env.RESISTOR_AMQP_URL || 'amqp://guest:guest@localhost:5672/';
const prefix = process.env.RESISTOR_PREFIX || 'resistor';

const actions = {
  // The same idempotency key gives the same id, however often the action comes.
  async send(letter, { idempotency_key }) {
    for (const field of ['to', 'template']) {
      if (typeof letter?.[field] !== 'string') throw fail('validation', `${field}: text is required`);
    }
    return { message_id: `m-${idempotency_key}` };
  },
};

const fail = (type, message) => Object.assign(new Error(message), { type, retryable: false });

async function perform({ action, input, ...rest }) {
  try {
    if (!Object.hasOwn(actions, action)) throw fail('unknown_action', `mail cannot ${action}`);
    return { status: 'completed', output: await actions[action](input, rest) };
  } catch ({ name, type = name, message, retryable = true }) {
    return { status: 'failed', error: { type, message, retryable } };
  }
}

function read(message) {
  const { headers, replyTo } = message.properties;
  try {
    const action = JSON.parse(message.content);
    return action.action && headers['resistor-token'] && replyTo ? action : null;
  } catch {
    return null;
  }
}

async function main() {
  const connection = await amqp.connect(url, { heartbeat: 10, clientProperties: { connection_name: 'mail' } });
  const channel = await connection.createConfirmChannel();
  const returned = new Set(); // results that no queue took: the broker says so just before it confirms them
  connection.on('error', (error) => console.error(`mail: ${error.message}`));
  connection.on('close', () => process.exit(1));
  channel.on('return', (message) => returned.add(message.properties.messageId));

  async function handle(message) {
    const action = message && read(message);
    if (!message) return process.exit(1); // the queue was deleted
    if (!action) return channel.nack(message, false, false); // to the dead letters
    const { replyTo, correlationId, headers: { 'resistor-token': token, traceparent } } = message.properties;
    const messageId = randomUUID();
    const headers = { 'resistor-token': token, ...(traceparent && { traceparent }) };
    const rest = { messageId, correlationId, headers, contentType: 'application/json', persistent: true };
    const result = Buffer.from(JSON.stringify(await perform(action)));
    channel.publish(`${prefix}.results`, replyTo, result, { ...rest, mandatory: true }, (refused) => {
      if (!refused && !returned.delete(messageId)) channel.ack(message);
      else setTimeout(() => channel.nack(message, false, true), 1000);
    });
  }

  await channel.prefetch(50);
  const { consumerTag } = await channel.consume(`${prefix}.module.mail`, handle);
  console.error('mail: taking actions');
  process.once('SIGTERM', async () => {
    await channel.cancel(consumerTag);
    await channel.waitForConfirms(); // what is in hand ends first
    connection.removeAllListeners('close');
    await connection.close();
  });
}

main().catch((error) => {
  console.error(`mail: ${error.message}`);
  process.exit(1);
});
