#!/bin/bash
# For the image that scripts/compose.mjs makes where no registry is: starts a Cassandra node from its jars, told by the variables that the
# public image knows. Arguments of Java stand in /opt/cassandra/java.args.
set -euo pipefail
conf=/tmp/conf data=/var/lib/cassandra
mkdir -p "$conf"
at="${CASSANDRA_LISTEN_ADDRESS:?}"
cat > "$conf/cassandra.yaml" <<EOF
cluster_name: ${CASSANDRA_CLUSTER_NAME:-cordboard}
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: ${CASSANDRA_ENDPOINT_SNITCH:-GossipingPropertyFileSnitch}
num_tokens: 16
auto_bootstrap: false
memtable_heap_space: 48MiB
memtable_offheap_space: 48MiB
file_cache_size: 32MiB
key_cache_size: 4MiB
concurrent_reads: 8
concurrent_writes: 8
concurrent_compactors: 1
auto_snapshot: false
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "${CASSANDRA_SEEDS:?}" }]
listen_address: $at
rpc_address: ${CASSANDRA_RPC_ADDRESS:-$at}
storage_port: 7000
native_transport_port: 9042
data_file_directories: [$data/data]
commitlog_directory: $data/commitlog
hints_directory: $data/hints
saved_caches_directory: $data/saved_caches
cdc_raw_directory: $data/cdc_raw
commitlog_sync: periodic
commitlog_sync_period: 1s
EOF
printf 'dc=%s\nrack=%s\n' "${CASSANDRA_DC:-dc1}" "${CASSANDRA_RACK:-rack1}" > "$conf/cassandra-rackdc.properties"
cat > "$conf/logback.xml" <<'EOF'
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%level %logger{0} %msg%n</pattern></encoder></appender>
  <root level="WARN"><appender-ref ref="out"/></root>
  <logger name="org.apache.cassandra.transport" level="INFO"/>
</configuration>
EOF
exec java -Xms"${MAX_HEAP_SIZE:-320M}" -Xmx"${MAX_HEAP_SIZE:-320M}" @/opt/cassandra/java.args -cp "$conf:/opt/cassandra/lib/*" org.apache.cassandra.service.CassandraDaemon
