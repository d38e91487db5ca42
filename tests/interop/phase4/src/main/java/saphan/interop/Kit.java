package saphan.interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.Security;
import java.util.HashMap;
import java.util.Map;

import org.bouncycastle.jce.provider.BouncyCastleProvider;

import com.helger.json.IJson;
import com.helger.json.IJsonArray;
import com.helger.json.IJsonObject;
import com.helger.json.JsonArray;
import com.helger.json.JsonObject;
import com.helger.json.serialize.JsonReader;

/**
 * A foreign AS4 product for tests: one command a line as JSON on the standard input, one answer a line on the standard
 * output. The first line sets up:
 *
 * <pre>
 * {"port": 0, "folder": "…", "tls": {"keys": {"tls": "x.p12"}, "trust": ["y.pem"]},
 *  "endpoints": [{"path": "/as4", "profile": "cef-two-corner", "keys": {"sign": …, "open": …}, "trust": […],
 *                 "services": ["…"]}]}
 * </pre>
 *
 * Then {"cmd": "send" | "pull" | "received" | "load" | "stop", "endpoint": "/as4", …}.
 */
public final class Kit {
    private final Map<String, Endpoint> endpoints = new HashMap<>();
    private final Receiver receiver;
    private final Sender sender;
    private final Puller puller;
    private final int port;

    private Kit(IJsonObject setup) throws Exception {
        Path folder = Path.of(setup.getAsString("folder"));
        Keys tls = new Keys(setup.getAsObject("tls"));
        receiver = new Receiver(setup.getAsInt("port", 0), tls);
        for (IJson each : setup.getAsArray("endpoints")) {
            Endpoint endpoint = new Endpoint(each.getAsObject());
            endpoints.put(endpoint.path, endpoint);
            receiver.add(endpoint, folder);
        }
        port = receiver.start();
        sender = new Sender(tls, folder);
        puller = new Puller(sender, folder);
    }

    private IJsonObject answer(IJsonObject command) throws Exception {
        Endpoint endpoint = endpoints.get(command.getAsString("endpoint", ""));
        switch (command.getAsString("cmd", "")) {
        case "send":
            return sender.send(endpoint, command);
        case "pull":
            return puller.pull(endpoint, command);
        case "load":
            return new Load(sender, endpoint, command.getAsObject("message")).run(command.getAsInt("threads", 1),
                    command.getAsDouble("warmUp", 0), command.getAsDouble("seconds", 5));
        case "received":
            IJsonArray all = new JsonArray();
            Store.take(receiver.received).forEach(all::add);
            return new JsonObject().add("messages", all);
        default:
            return new JsonObject().add("exception", "no command " + command.getAsString("cmd"));
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        Security.addProvider(new BouncyCastleProvider());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Kit kit = new Kit(JsonReader.readFromString(in.readLine()).getAsObject());
        out.println(new JsonObject().add("port", kit.port).getAsJsonString());
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            IJsonObject command = JsonReader.readFromString(line).getAsObject();
            if ("stop".equals(command.getAsString("cmd")))
                break;
            IJsonObject answer;
            try {
                answer = kit.answer(command);
            } catch (Exception e) {
                answer = new JsonObject().add("exception", Sender.chain(e));
            }
            out.println(answer.getAsJsonString());
        }
        kit.receiver.stop();
        System.exit(0);
    }
}
