package compose

import (
	"fmt"
	"strings"
)

// knownImage is a program that keeps state, so that it is no Microservice.
type knownImage struct {
	// what it is, as a person says it.
	what string
	// ports are those that clients use; the first is what a dependency means that names none.
	ports []knownPort
}

type knownPort struct {
	name   string
	number int32
}

// portName returns the name that a dependency gives: none for the first port.
func (k *knownImage) portName(number int32) string {
	for i, p := range k.ports {
		if p.number == number {
			if i == 0 {
				return ""
			}
			return p.name
		}
	}
	return fmt.Sprintf("tcp-%d", number)
}

func one(what, port string, number int32) *knownImage {
	return &knownImage{what: what, ports: []knownPort{{port, number}}}
}

var (
	postgres      = one("PostgreSQL", "postgres", 5432)
	mysql         = one("MySQL", "mysql", 3306)
	mongo         = one("MongoDB", "mongodb", 27017)
	redis         = one("Redis", "redis", 6379)
	kafka         = one("Kafka", "kafka", 9092)
	sqlServer     = one("SQL Server", "mssql", 1433)
	elasticsearch = &knownImage{"Elasticsearch", []knownPort{{"http", 9200}, {"transport", 9300}}}
	minio         = &knownImage{"MinIO", []knownPort{{"api", 9000}, {"console", 9001}}}
	rabbitmq      = &knownImage{"RabbitMQ", []knownPort{{"amqp", 5672}, {"management", 15672}}}
)

// knownImages are looked up by the last part of the image's name, so that bitnami/redis and ghcr.io/acme/postgres are found too.
var knownImages = map[string]*knownImage{
	"postgres": postgres, "postgresql": postgres, "postgis": postgres, "pgvector": postgres, "timescaledb": postgres,
	"pgvecto-rs": postgres,
	"mysql":      mysql, "mysql-server": mysql, "percona": mysql, "mariadb": one("MariaDB", "mysql", 3306),
	"mongo": mongo, "mongodb": mongo, "mongodb-community-server": mongo,
	"redis": redis, "redis-stack": redis, "redis-stack-server": redis, "keydb": redis, "dragonfly": redis,
	"valkey": one("Valkey", "redis", 6379),
	"kafka":  kafka, "cp-kafka": kafka, "redpanda": kafka,
	"zookeeper": one("ZooKeeper", "client", 2181), "cp-zookeeper": one("ZooKeeper", "client", 2181),
	"rabbitmq": rabbitmq, "elasticsearch": elasticsearch, "opensearch": {"OpenSearch", elasticsearch.ports},
	"memcached":         one("Memcached", "memcached", 11211),
	"nats":              {"NATS", []knownPort{{"client", 4222}, {"monitor", 8222}}},
	"minio":             minio,
	"clickhouse-server": {"ClickHouse", []knownPort{{"http", 8123}, {"native", 9000}}},
	"clickhouse":        {"ClickHouse", []knownPort{{"http", 8123}, {"native", 9000}}},
	"cassandra":         one("Cassandra", "cql", 9042), "couchdb": one("CouchDB", "http", 5984),
	"influxdb": one("InfluxDB", "http", 8086), "etcd": {"etcd", []knownPort{{"client", 2379}, {"peer", 2380}}},
	"neo4j": {"Neo4j", []knownPort{{"bolt", 7687}, {"http", 7474}}},
}

// findImage returns what is known about an image, or nil.
func findImage(image string) *knownImage {
	name, _, _ := strings.Cut(image, "@")
	path := name[strings.LastIndex(name, "/")+1:]
	base, _, _ := strings.Cut(path, ":")
	if base == "server" && strings.Contains(name, "mssql/") {
		return sqlServer
	}
	return knownImages[base]
}

// reportBacking says how to run a database, a broker or a cache.
func (c *converter) reportBacking(t *target) {
	first := t.known.ports[0]
	ports := fmt.Sprintf("%s %d", first.name, first.number)
	for _, p := range c.usedPorts(t) {
		if name := t.known.portName(p); name != "" {
			ports += fmt.Sprintf(", %s %d", name, p)
		}
	}
	c.report.toDo(t.service.Name, "image", "%s keeps state and is no Microservice: run it by an operator behind a Service %s with the port %s, "+
		"or use a managed service and make the dependencies on it external", t.known.what, t.name, ports)
	if !c.isCalled(t) {
		c.report.toDo(t.service.Name, "depends_on", "no service declares or names it, so its network is closed: add a dependency to those that call it")
	}
}

// reportJob says how to run what ends.
func (c *converter) reportJob(t *target) {
	before := ""
	if len(t.waiting) > 0 {
		before = ", before " + strings.Join(t.waiting, ", ")
	}
	c.report.notConverted(t.service.Name, "service", "it runs to completion and a Microservice does not: run it as a Job%s", before)
}
