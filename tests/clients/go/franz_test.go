// SPDX-License-Identifier: Apache-2.0
package clients

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func client(t *testing.T, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(seeds...)}, options...)...)
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

func newTopic(t *testing.T, partitions int32) string {
	t.Helper()
	topic := name(t, "topic")
	_, err := kadm.NewClient(client(t)).CreateTopics(context.Background(), partitions, -1, nil, topic)
	must(t, err)
	return topic
}

func send(t *testing.T, c *kgo.Client, records ...*kgo.Record) {
	t.Helper()
	must(t, c.ProduceSync(context.Background(), records...).FirstErr())
}

func read(t *testing.T, c *kgo.Client, count int) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	var all []*kgo.Record
	for len(all) < count {
		fetches := c.PollFetches(ctx)
		for _, e := range fetches.Errors() {
			t.Fatalf("%s-%d, %d of %d records read: %v", e.Topic, e.Partition, len(all), count, e.Err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

func TestFranzWritesWithEveryCodecAndAcks(t *testing.T) {
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(),
		"gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	acks := map[string][]kgo.Opt{"all": nil, /* the default is idempotent */
		"one":  {kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite()},
		"none": {kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite()}}
	for codecName, codec := range codecs {
		for acksName, settings := range acks {
			t.Run(codecName+"-"+acksName, func(t *testing.T) {
				topic := newTopic(t, 1)
				writer := client(t, append(settings, kgo.DefaultProduceTopic(topic),
					kgo.ProducerBatchCompression(codec))...)
				send(t, writer,
					&kgo.Record{Key: []byte("key"), Value: []byte("value"),
						Headers: []kgo.RecordHeader{{Key: "full", Value: []byte("h")}, {Key: "null"}}},
					&kgo.Record{},
					&kgo.Record{Key: []byte{}, Value: []byte{}},
					&kgo.Record{Value: make([]byte, 100000)})
				got := read(t, client(t, kgo.ConsumeTopics(topic)), 4)
				if string(got[0].Key) != "key" || string(got[0].Value) != "value" ||
					string(got[0].Headers[0].Value) != "h" || got[0].Headers[1].Value != nil ||
					got[1].Key != nil || got[1].Value != nil || got[2].Key == nil ||
					got[2].Value == nil || len(got[3].Value) != 100000 {
					t.Fatalf("read something else: %v", got)
				}
			})
		}
	}
}

// member reads as one of a group and says what it has; safe for several at a time.
type member struct {
	sync.Mutex
	client *kgo.Client
	own    map[int32]bool
	seen   map[string]int
	ended  chan struct{}
}

func join(t *testing.T, topic, group string, options ...kgo.Opt) *member {
	m := &member{own: map[int32]bool{}, seen: map[string]int{}, ended: make(chan struct{})}
	gained := func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
		m.Lock()
		defer m.Unlock()
		for _, p := range parts[topic] {
			m.own[p] = true
		}
	}
	lost := func(ctx context.Context, c *kgo.Client, parts map[string][]int32) {
		c.CommitUncommittedOffsets(ctx)
		m.Lock()
		defer m.Unlock()
		for _, p := range parts[topic] {
			delete(m.own, p)
		}
	}
	m.client = client(t, append([]kgo.Opt{kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group),
		kgo.HeartbeatInterval(200 * time.Millisecond), kgo.FetchMaxWait(200 * time.Millisecond),
		kgo.OnPartitionsAssigned(gained), kgo.OnPartitionsRevoked(lost)}, options...)...)
	go func() {
		defer close(m.ended)
		for {
			fetches := m.client.PollFetches(context.Background())
			if fetches.IsClientClosed() {
				return
			}
			fetches.EachRecord(func(r *kgo.Record) {
				m.Lock()
				defer m.Unlock()
				m.seen[string(r.Value)]++
			})
		}
	}()
	return m
}

func (m *member) leave() {
	m.client.CloseAllowingRebalance()
	<-m.ended
}

func (m *member) has(partitions, records int) func() bool {
	return func() bool {
		m.Lock()
		defer m.Unlock()
		return len(m.own) == partitions && len(m.seen) >= records
	}
}

func TestFranzSharesPartitions(t *testing.T) {
	for by, balancer := range map[string]kgo.GroupBalancer{"range": kgo.RangeBalancer(),
		"roundrobin": kgo.RoundRobinBalancer(), "sticky": kgo.StickyBalancer(),
		"cooperative": kgo.CooperativeStickyBalancer()} {
		t.Run(by, func(t *testing.T) {
			topic, group := newTopic(t, 6), name(t, "group")
			writer := client(t, kgo.DefaultProduceTopic(topic),
				kgo.RecordPartitioner(kgo.ManualPartitioner()))
			for i := 0; i < 60; i++ {
				send(t, writer, &kgo.Record{Partition: int32(i % 6), Value: []byte(fmt.Sprint(i))})
			}
			one := join(t, topic, group, kgo.Balancers(balancer))
			await(t, "the only member to have all", one.has(6, 60))
			two := join(t, topic, group, kgo.Balancers(balancer))
			await(t, "the first member to give half away", one.has(3, 60))
			await(t, "the second member to have half", two.has(3, 0))
			admin := kadm.NewClient(writer)
			described, err := admin.DescribeGroups(context.Background(), group)
			must(t, err)
			if g := described[group]; g.State != "Stable" || len(g.Members) != 2 {
				t.Fatalf("described as %+v", g)
			}
			two.leave()
			await(t, "the first member to have all again", one.has(6, 60))
			one.leave()
			lag, err := admin.Lag(context.Background(), group)
			must(t, err)
			g := lag[group]
			must(t, g.Error())
			if g.Lag.Total() != 0 {
				t.Fatalf("lags by %d", g.Lag.Total())
			}
			send(t, writer, &kgo.Record{Value: []byte("after")})
			three := join(t, topic, group, kgo.Balancers(balancer))
			await(t, "the next record", three.has(6, 1))
			three.leave()
			if len(three.seen) != 1 || three.seen["after"] != 1 {
				t.Fatalf("read again: %v", three.seen)
			}
		})
	}
}

func TestFranzFindsOffsets(t *testing.T) {
	ctx, topic := context.Background(), newTopic(t, 1)
	writer := client(t, kgo.DefaultProduceTopic(topic))
	start := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	for i := 0; i < 10; i++ {
		send(t, writer, &kgo.Record{Value: []byte(fmt.Sprint(i)),
			Timestamp: start.Add(time.Duration(i) * time.Minute)})
	}
	admin := kadm.NewClient(writer)
	for what, wanted := range map[string]struct {
		ask    func() (kadm.ListedOffsets, error)
		offset int64
	}{
		"start": {func() (kadm.ListedOffsets, error) { return admin.ListStartOffsets(ctx, topic) }, 0},
		"end":   {func() (kadm.ListedOffsets, error) { return admin.ListEndOffsets(ctx, topic) }, 10},
		"by time": {func() (kadm.ListedOffsets, error) {
			return admin.ListOffsetsAfterMilli(ctx, start.Add(5*time.Minute).UnixMilli(), topic)
		}, 5},
	} {
		listed, err := wanted.ask()
		must(t, err)
		if found, _ := listed.Lookup(topic, 0); found.Err != nil || found.Offset != wanted.offset {
			t.Errorf("%s: %+v, not %d", what, found, wanted.offset)
		}
	}
	for first, from := range map[string]kgo.Offset{"7": kgo.NewOffset().At(7),
		"0": kgo.NewOffset().AtStart(), "3": kgo.NewOffset().AfterMilli(start.Add(3 * time.Minute).UnixMilli())} {
		reader := client(t, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: from}}))
		if got := read(t, reader, 1); string(got[0].Value) != first {
			t.Errorf("began with %s, not with %s", got[0].Value, first)
		}
	}
}

func TestFranzManagesTopics(t *testing.T) {
	ctx, topic := context.Background(), newTopic(t, 2)
	admin := kadm.NewClient(client(t))
	_, err := admin.CreatePartitions(ctx, 2, topic)
	must(t, err)
	partitions := func() int {
		listed, err := admin.ListTopics(ctx, topic)
		must(t, err)
		return len(listed[topic].Partitions)
	}
	await(t, "4 partitions", func() bool { return partitions() == 4 })
	brokers, err := admin.BrokerMetadata(ctx)
	must(t, err)
	if len(brokers.Brokers) != 3 || brokers.Cluster == "" || brokers.Controller <= 0 {
		t.Fatalf("the cluster is %+v", brokers)
	}
	_, err = admin.DeleteTopics(ctx, topic)
	must(t, err)
	await(t, "the topic to be gone", func() bool { return partitions() == 0 })
}

// With the client's default settings, which retry and are idempotent, nobody notices.
func TestFranzGoesOnWithoutALeader(t *testing.T) {
	for _, how := range []string{"kill9", "stop"} {
		t.Run(how, func(t *testing.T) {
			topic := newTopic(t, 3)
			writer := client(t, kgo.DefaultProduceTopic(topic))
			reader := client(t, kgo.ConsumeTopics(topic))
			listed, err := kadm.NewClient(writer).ListTopics(context.Background(), topic)
			must(t, err)
			victim := listed[topic].Partitions[0].Leader
			written := 0
			write := func(count int) {
				for ; count > 0; count-- {
					send(t, writer, &kgo.Record{Value: []byte(fmt.Sprint(written))})
					written++
				}
			}
			write(100)
			hand(t, how, victim)
			write(100)
			hand(t, "start", victim)
			write(100)
			seen := map[string]int{}
			for _, r := range read(t, reader, written) {
				seen[string(r.Value)]++
			}
			if len(seen) != written {
				t.Fatalf("%d records written, %d different ones read", written, len(seen))
			}
		})
	}
}
