// The files a Cassandra node starts from: small caches, one token, no bootstrap. What it acknowledged survives a kill, since a data
// centre here may have one copy only.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RING = 2n ** 64n;

/** Nodes divide the ring evenly. */
const tokenOf = (index, count) => (-(2n ** 63n) + (RING / BigInt(count)) * BigInt(index) + BigInt(index)).toString();

export function writeCassandraConfig(folder, { dataCentre, rack, host, index, count, seeds, nativePort, storagePort, broadcast }) {
  const at = (name) => JSON.stringify(join(folder, name));
  writeFileSync(join(folder, 'cassandra.yaml'), `cluster_name: cordboard
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: GossipingPropertyFileSnitch
num_tokens: 1
initial_token: ${tokenOf(index, count)}
auto_bootstrap: false
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "${seeds.join(',')}" }]
listen_address: ${host}
${broadcast === undefined ? '' : `broadcast_address: ${broadcast}\n`}rpc_address: ${host}
storage_port: ${storagePort}
native_transport_port: ${nativePort}
native_transport_max_threads: 32
data_file_directories: [${at('data')}]
commitlog_directory: ${at('commitlog')}
hints_directory: ${at('hints')}
saved_caches_directory: ${at('saved_caches')}
cdc_raw_directory: ${at('cdc_raw')}
commitlog_sync: batch
commitlog_segment_size: 8MiB
commitlog_total_space: 64MiB
memtable_heap_space: 48MiB
memtable_offheap_space: 48MiB
key_cache_size: 4MiB
file_cache_size: 32MiB
concurrent_reads: 8
concurrent_writes: 32
concurrent_compactors: 1
hints_flush_period: 1s
auto_snapshot: false
`);
  writeFileSync(join(folder, 'cassandra-rackdc.properties'), `dc=${dataCentre}\nrack=${rack}\n`);
  writeFileSync(join(folder, 'logback.xml'), `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%level %logger{0} %msg%n</pattern></encoder></appender>
  <root level="WARN"><appender-ref ref="out"/></root>
  <logger name="org.apache.cassandra.transport" level="INFO"/>
</configuration>
`);
}
