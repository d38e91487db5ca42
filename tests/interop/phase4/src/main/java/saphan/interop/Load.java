package saphan.interop;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.helger.json.IJsonObject;
import com.helger.json.JsonObject;

/** Many messages at once: {"threads": n, "seconds": s, "warmUp": s, "message": {…}}. */
final class Load {
    private final Sender sender;
    private final Endpoint endpoint;
    private final IJsonObject message;
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private volatile long end;

    Load(Sender sender, Endpoint endpoint, IJsonObject message) {
        this.sender = sender;
        this.endpoint = endpoint;
        this.message = message;
    }

    private void work() {
        while (System.nanoTime() < end) {
            try {
                IJsonObject answer = sender.send(endpoint, message);
                boolean isGood = "success".equals(answer.getAsString("result"))
                        && "valid".equals(answer.getAsString("receipt")) && answer.getAsBoolean("answerSigned", false);
                (isGood ? done : failed).incrementAndGet();
            } catch (Exception e) {
                failed.incrementAndGet();
            }
        }
    }

    private double round(int threads, double seconds) throws InterruptedException {
        done.set(0);
        failed.set(0);
        long began = System.nanoTime();
        end = began + (long) (seconds * 1e9);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        for (int i = 0; i < threads; i++)
            pool.execute(this::work);
        pool.shutdown();
        if (!pool.awaitTermination((long) seconds + 120, TimeUnit.SECONDS))
            pool.shutdownNow();
        return (System.nanoTime() - began) / 1e9;
    }

    IJsonObject run(int threads, double warmUp, double seconds) throws InterruptedException {
        if (warmUp > 0)
            round(threads, warmUp);
        double took = round(threads, seconds);
        return new JsonObject().add("exchanges", done.get()).add("failed", failed.get()).add("seconds", took);
    }
}
