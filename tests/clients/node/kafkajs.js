// SPDX-License-Identifier: Apache-2.0
// kafkajs against the cluster that tests/clients/run started; its settings are its defaults but for
// how long a fetch waits, because it leaves a group only between two fetches.
'use strict'
const assert = require('assert')
const crypto = require('crypto')
const net = require('net')
const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = require('kafkajs')
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')

const DEADLINE_MS = 60000
const kafka = new Kafka({ brokers: process.env.BOOTSTRAP.split(','), logLevel: logLevel.NOTHING })
const admin = kafka.admin()
const name = what => `js-${what}-${crypto.randomBytes(4).toString('hex')}`
const open = [] // what a case left connected

async function connected(one) {
  await one.connect()
  open.push(one)
  return one
}

async function until(what, holds) {
  for (const end = Date.now() + DEADLINE_MS; !(await holds());) {
    assert(Date.now() < end, `waited too long for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Kills, stops or starts a broker: 'kill9', 'stop' or 'start'. */
function hand(verb, broker) {
  return new Promise((resolve, reject) => {
    let answer = ''
    const c = net.connect(process.env.CONTROL_PORT, '127.0.0.1', () => c.write(`${verb} ${broker}\n`))
    c.on('data', bytes => { answer += bytes })
    c.on('error', reject)
    c.on('end', () => answer === 'done\n' ? resolve() : reject(new Error(answer)))
  })
}

async function newTopic(numPartitions) {
  const topic = name('topic')
  await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: -1 }] })
  return topic
}

/** A reader: what it saw (value -> how often, and the messages), and how many partitions it has. */
async function reader(topic, groupId, settings = {}) {
  const r = { seen: {}, messages: [], owns: 0 }
  r.consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, heartbeatInterval: 200, ...settings })
  r.consumer.on(r.consumer.events.GROUP_JOIN, e => {
    r.owns = (e.payload.memberAssignment[topic] || []).length
  })
  await connected(r.consumer)
  await r.consumer.subscribe({ topics: [topic], fromBeginning: true })
  await r.consumer.run({
    eachMessage: async ({ message }) => {
      r.messages.push(message)
      r.seen[message.value] = (r.seen[message.value] || 0) + 1
    },
  })
  return r
}

const numbers = (first, count, partitions) => Array.from({ length: count },
  (_, i) => ({ value: `${first + i}`, partition: (first + i) % partitions }))

const cases = {
  async writesWithEveryCodecAndAcks() {
    const { None, GZIP, Snappy } = CompressionTypes
    const producer = await connected(kafka.producer())
    for (const compression of [None, GZIP, Snappy]) {
      for (const acks of [-1, 1, 0]) {
        const topic = await newTopic(1)
        await producer.send({
          topic, acks, compression, messages: [
            { key: 'key', value: 'value', headers: { one: 'h', two: ['a', 'b'] } },
            { key: null, value: null }, { key: '', value: '' }, { value: Buffer.alloc(100000) }],
        })
        const { consumer, messages } = await reader(topic, name('group'))
        await until('4 messages', () => messages.length === 4)
        await consumer.disconnect()
        assert.strictEqual(`${messages[0].key} ${messages[0].value}`, 'key value')
        assert.strictEqual(`${messages[0].headers.one} ${messages[0].headers.two}`, 'h a,b')
        assert.deepStrictEqual([messages[1].key, messages[1].value], [null, null])
        assert.deepStrictEqual([messages[2].key.length, messages[2].value.length], [0, 0])
        assert.strictEqual(messages[3].value.length, 100000)
      }
    }
  },

  async makesATopicByWritingToIt() {
    const topic = name('auto')
    const producer = await connected(kafka.producer())
    await producer.send({ topic, messages: [{ value: 'first' }] })
    const { seen } = await reader(topic, name('group'))
    await until('the message', () => seen.first === 1)
  },

  async sharesPartitions() {
    const topic = await newTopic(6), group = name('group')
    const producer = await connected(kafka.producer())
    await producer.send({ topic, messages: numbers(0, 60, 6) })
    const one = await reader(topic, group)
    await until('one member to have all', () => one.owns === 6 && Object.keys(one.seen).length === 60)
    const two = await reader(topic, group)
    await until('two to have half each', () => one.owns === 3 && two.owns === 3)
    await producer.send({ topic, messages: numbers(60, 60, 6) })
    await until('both to read', () => one.messages.length === 90 && two.messages.length === 30)
    const { groups } = await admin.describeGroups([group])
    assert.deepStrictEqual([groups[0].state, groups[0].members.length], ['Stable', 2])
    await two.consumer.disconnect()
    await until('the first to have all again', () => one.owns === 6)
    await one.consumer.disconnect()
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    assert.strictEqual(partitions.reduce((sum, p) => sum + Number(p.offset), 0), 120)
    await producer.send({ topic, messages: [{ value: 'after' }] })
    const three = await reader(topic, group)
    await until('the next message', () => three.seen.after === 1)
    assert.strictEqual(three.messages.length, 1)
    three.consumer.seek({ topic, partition: 2, offset: '0' })
    await until('the partition again', () => three.messages.length >= 21)
    assert((await admin.listGroups()).groups.some(g => g.groupId === group))
  },

  async findsOffsets() {
    const topic = await newTopic(1), start = Date.now() - 3600000
    const producer = await connected(kafka.producer({ idempotent: true }))
    for (let i = 0; i < 10; i++) {
      await producer.send({ topic, messages: [{ value: `${i}`, timestamp: `${start + i * 60000}` }] })
    }
    const [{ low, high }] = await admin.fetchTopicOffsets(topic)
    assert.deepStrictEqual([low, high], ['0', '10'])
    const [{ offset }] = await admin.fetchTopicOffsetsByTimestamp(topic, start + 5 * 60000)
    assert.strictEqual(offset, '5')
  },

  async managesTopics() {
    const topic = await newTopic(2)
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
    await until('4 partitions', async () =>
      (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length === 4)
    const { brokers, controller, clusterId } = await admin.describeCluster()
    assert(brokers.length === 3 && controller > 0 && clusterId)
    await admin.deleteTopics({ topics: [topic] })
    await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topic))
  },

  async goesOnWithoutALeader() {
    for (const how of ['kill9', 'stop']) {
      const topic = await newTopic(3)
      const producer = await connected(kafka.producer({ retry: { retries: 20 } }))
      const { seen } = await reader(topic, name('group'))
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      const victim = topics[0].partitions[0].leader
      const write = async first => {
        for (const message of numbers(first, 50, 3)) {
          await producer.send({ topic, messages: [message] })
        }
      }
      await write(0)
      await hand(how, victim)
      await write(50)
      await hand('start', victim)
      await write(100)
      await until('all 150 messages', () => Object.keys(seen).length === 150)
    }
  },
}

async function main() {
  let passed = 0, failed = 0
  const words = process.argv.slice(2)
  await admin.connect()
  for (const [what, run] of Object.entries(cases)) {
    if (words.length > 0 && !words.some(w => what.includes(w))) continue
    const began = Date.now()
    try {
      await run()
      passed++
      console.log(`pass  ${what} (${(Date.now() - began) / 1000} s)`)
    } catch (wrong) {
      failed++
      console.log(`FAIL  ${what}\n${wrong.stack}`)
    }
    await Promise.allSettled(open.splice(0).map(one => one.disconnect()))
  }
  console.log(`node: ${passed} passed, ${failed} failed`)
  process.exit(failed > 0 || passed === 0 ? 1 : 0)
}
main()
