import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;

/**
 * The upper peer: per case the number of its events, the last type, and the first and last time.
 *
 * <p>One thread, keyed state in RocksDB with a changelog, all settings as Kafka Streams has them
 * but the commit interval, which is that of the others. No clocks: it does less than the worker.
 *
 * <p>Arguments: bootstrap servers, application id, topic, folder of the state, commit interval (ms).
 */
public final class CaseCounter {
  private static final ObjectMapper JSON = new ObjectMapper();

  @JsonIgnoreProperties(ignoreUnknown = true)
  public static final class CaseEvent {
    public @JsonProperty("event_id") String eventId;
    public @JsonProperty("case_id") String caseId;
    public String type;
    public @JsonProperty("occurred_at") String occurredAt;
    public String item;
    public String county;
  }

  public static final class CaseCount {
    public long count;
    public String lastType;
    public String firstAt;
    public String lastAt;
  }

  private static <T> Serde<T> serde(Class<T> type) {
    ObjectReader reader = JSON.readerFor(type);
    ObjectWriter writer = JSON.writerFor(type);
    return Serdes.serdeFrom(
        (topic, value) -> {
          try {
            return value == null ? null : writer.writeValueAsBytes(value);
          } catch (IOException fault) {
            throw new UncheckedIOException(fault);
          }
        },
        (topic, bytes) -> {
          try {
            return bytes == null ? null : reader.readValue(bytes);
          } catch (IOException fault) {
            throw new UncheckedIOException(fault);
          }
        });
  }

  private static CaseCount add(CaseEvent event, CaseCount known) {
    if (known.count == 0) {
      known.firstAt = event.occurredAt;
    }
    known.count += 1;
    known.lastType = event.type;
    known.lastAt = event.occurredAt;
    return known;
  }

  public static void main(String[] arguments) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[1]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[3]);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, arguments[4]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(arguments[2], Consumed.with(Serdes.String(), serde(CaseEvent.class)))
        .groupByKey(Grouped.with(Serdes.String(), serde(CaseEvent.class)))
        .aggregate(
            CaseCount::new,
            (caseId, event, known) -> add(event, known),
            Materialized.with(Serdes.String(), serde(CaseCount.class)));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }
}
