package saphan.interop;

import java.io.File;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.concurrent.ConcurrentHashMap;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

import org.apache.hc.core5.util.Timeout;

import com.helger.httpclient.HttpClientFactory;
import com.helger.httpclient.HttpClientSettings;
import com.helger.json.IJson;
import com.helger.json.IJsonArray;
import com.helger.json.IJsonObject;
import com.helger.json.JsonArray;
import com.helger.json.JsonObject;
import com.helger.mime.parse.MimeTypeParser;
import com.helger.phase4.attachment.AS4OutgoingAttachment;
import com.helger.phase4.crypto.ECryptoAlgorithmCrypt;
import com.helger.phase4.crypto.ECryptoAlgorithmSignDigest;
import com.helger.phase4.crypto.ECryptoKeyIdentifierType;
import com.helger.phase4.dump.AS4OutgoingDumperFileBased;
import com.helger.phase4.ebms3header.Ebms3Error;
import com.helger.phase4.ebms3header.Ebms3SignalMessage;
import com.helger.phase4.incoming.IAS4IncomingMessageState;
import com.helger.phase4.messaging.http.HttpRetrySettings;
import com.helger.phase4.model.MessageProperty;
import com.helger.phase4.model.pmode.PMode;
import com.helger.phase4.model.pmode.leg.PModeLegSecurity;
import com.helger.phase4.sender.AS4Sender;
import com.helger.phase4.sender.AS4Sender.BuilderUserMessage;
import com.helger.phase4.sender.IAS4SignalMessageValidationResultHandler;
import com.helger.web.scope.mgr.WebScoped;

/** Sends with phase4 and says what came back. */
final class Sender {
    final HttpClientSettings settings = new HttpClientSettings();
    private final ConcurrentHashMap<String, X509Certificate> certificates = new ConcurrentHashMap<>();
    private final Path folder;

    Sender(Keys tls, Path folder) throws Exception {
        this.folder = folder;
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(tls.store, Keys.PASSWORD);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(tls.trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] { new Chain((X509TrustManager) trust.getTrustManagers()[0]) }, null);
        settings.setSSLContext(context);
        settings.setHostnameVerifierVerifyAll();
        settings.setRetryCount(0);
        settings.setResponseTimeout(Timeout.ofSeconds(180));
    }

    /** Judges the certificates alone: those of a Saphan node name a party, not a host. */
    private static final class Chain extends X509ExtendedTrustManager {
        private final X509TrustManager judge;

        Chain(X509TrustManager judge) {
            this.judge = judge;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            judge.checkServerTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            judge.checkServerTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            judge.checkServerTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            judge.checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
            judge.checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
            judge.checkClientTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return judge.getAcceptedIssuers();
        }
    }

    /** Whether the receipt repeats what was signed. */
    private static final class Proof implements IAS4SignalMessageValidationResultHandler {
        String verdict = "none";

        @Override
        public void onError(String why) {
            verdict = "wrong: " + why;
        }

        @Override
        public void onSuccess() {
            if ("none".equals(verdict))
                verdict = "valid";
        }

        @Override
        public void onNotApplicable() {
            verdict = "not-applicable";
        }
    }

    private static ECryptoKeyIdentifierType form(String name) {
        return switch (name) {
        case "ski" -> ECryptoKeyIdentifierType.SKI_KEY_IDENTIFIER;
        case "issuer-serial" -> ECryptoKeyIdentifierType.ISSUER_SERIAL;
        case "thumbprint" -> ECryptoKeyIdentifierType.THUMBPRINT_IDENTIFIER;
        default -> ECryptoKeyIdentifierType.BST_DIRECT_REFERENCE;
        };
    }

    private static AS4OutgoingAttachment part(IJsonObject names) {
        AS4OutgoingAttachment.Builder part = AS4OutgoingAttachment.builder().data(new File(names.getAsString("file")))
                .mimeType(MimeTypeParser.safeParseMimeType(names.getAsString("mime", "application/octet-stream")))
                .contentID(names.getAsString("contentId"));
        if (names.getAsBoolean("gzip", true))
            part.compressionGZIP();
        if (names.getAsString("filename") != null)
            part.customProperty("filename", names.getAsString("filename"));
        return part.build();
    }

    /** The endpoint's P-Mode, or one that leaves something out, which wins over what a builder is told. */
    private static PMode pmode(Endpoint endpoint, IJsonObject names) {
        PMode pmode = endpoint.profile.pmode("initiator", "responder", names.getAsString("url"));
        PModeLegSecurity security = pmode.getLeg1().getSecurity();
        if (!names.getAsBoolean("sign", true)) {
            security.setX509SignatureAlgorithm(null);
            security.setX509SignatureHashFunction(null);
        }
        if (!names.getAsBoolean("encrypt", true))
            security.setX509EncryptionAlgorithm(null);
        if (names.getAsString("digest") != null)
            security.setX509SignatureHashFunction(ECryptoAlgorithmSignDigest.getFromIDOrNull(names.getAsString("digest")));
        if (names.getAsString("cryptAlgorithm") != null)
            security.setX509EncryptionAlgorithm(ECryptoAlgorithmCrypt.getFromIDOrNull(names.getAsString("cryptAlgorithm")));
        return pmode;
    }

    private void security(BuilderUserMessage builder, Endpoint endpoint, IJsonObject names) {
        String sign = names.getAsString("signRef", "bst-x509v3");
        builder.withSigningParams(p -> {
            endpoint.profile.signing(p);
            p.setKeyIdentifierType(form(sign));
            p.setUseSingleCertificate(!"bst-pkipath".equals(sign));
        });
        builder.withCryptParams(p -> {
            endpoint.profile.encryption(p);
            p.setKeyIdentifierType(form(names.getAsString("encryptRef", "bst-x509v3")));
        });
    }

    private BuilderUserMessage message(Endpoint endpoint, IJsonObject names) throws Exception {
        String url = names.getAsString("url");
        BuilderUserMessage builder = AS4Sender.builderUserMessage();
        builder.as4ProfileID(endpoint.profile.id).pmode(pmode(endpoint, names)).pmodeResolver(endpoint)
                .httpClientFactory(new HttpClientFactory(settings)).httpRetrySettings(new HttpRetrySettings().setMaxRetries(0))
                .cryptoFactorySign(endpoint.sign).cryptoFactoryCrypt(endpoint.open)
                .fromPartyIDType(names.getAsString("partyType")).fromPartyID(names.getAsString("from"))
                .fromRole(names.getAsString("fromRole")).toPartyIDType(names.getAsString("partyType"))
                .toPartyID(names.getAsString("to")).toRole(names.getAsString("toRole"))
                .service(names.getAsString("serviceType"), names.getAsString("service"))
                .action(names.getAsString("action")).conversationID(names.getAsString("conversation", ""))
                .messageID(names.getAsString("messageId")).refToMessageID(names.getAsString("refTo")).endpointURL(url);
        if (names.getAsString("agreement") != null)
            builder.agreementRef(names.getAsString("agreement"));
        IJsonObject properties = names.getAsObject("properties");
        if (properties != null)
            for (String name : properties.getAll().keySet())
                builder.addMessageProperty(MessageProperty.builder().name(name).value(properties.getAsString(name)));
        String receiver = names.getAsString("certificate");
        X509Certificate certificate = certificates.get(receiver);
        if (certificate == null)
            certificates.put(receiver, certificate = Keys.one(receiver));
        builder.receiverCertificate(certificate);
        security(builder, endpoint, names);
        return builder;
    }

    static IJsonArray errors(Ebms3SignalMessage signal) {
        IJsonArray seen = new JsonArray();
        for (Ebms3Error error : signal.getError())
            seen.add(new JsonObject().add("code", error.getErrorCode()).add("severity", error.getSeverity())
                    .add("detail", error.getErrorDetail() == null ? "" : error.getErrorDetail())
                    .add("category", error.getCategory() == null ? "" : error.getCategory())
                    .add("refTo", error.getRefToMessageInError() == null ? "" : error.getRefToMessageInError()));
        return seen;
    }

    static void signal(IJsonObject answer, Ebms3SignalMessage signal, IAS4IncomingMessageState state) {
        answer.add("answerSigned", state.isSoapSignatureChecked());
        answer.add("answerTo", String.valueOf(signal.getMessageInfo().getRefToMessageId()));
        answer.add("errors", errors(signal));
    }

    /** One message out; {"result": "success", "receipt": "valid", "answerSigned": true, …} */
    IJsonObject send(Endpoint endpoint, IJsonObject names) throws Exception {
        IJsonObject answer = new JsonObject();
        Proof proof = new Proof();
        try (WebScoped scope = new WebScoped()) {
            BuilderUserMessage builder = message(endpoint, names);
            IJsonArray parts = names.getAsArray("parts");
            if (parts != null)
                for (IJson each : parts)
                    if (builder.payload() == null && builder.attachments().isEmpty())
                        builder.payload(part(each.getAsObject()));
                    else
                        builder.addAttachment(part(each.getAsObject()));
            if (names.getAsString("dump") != null)
                builder.outgoingDumper(new AS4OutgoingDumperFileBased(
                        (mode, id, attempt) -> new File(names.getAsString("dump"))));
            builder.signalMsgValidationResultHdl(proof);
            builder.signalMsgConsumer((signal, metadata, state) -> signal(answer, signal, state));
            builder.rawResponseConsumer(raw -> {
                answer.add("messageId", raw.getMessageID());
                if (names.getAsString("answer") != null && raw.hasResponseContent())
                    writeQuietly(names.getAsString("answer"), raw.getResponseContent());
            });
            String result = builder.sendMessageAndCheckForReceipt(e -> answer.add("exception", chain(e))).getID();
            return answer.add("result", result).add("receipt", proof.verdict);
        }
    }

    private static void writeQuietly(String file, byte[] content) {
        try {
            Files.write(Path.of(file), content);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static String chain(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = thrown; t != null && text.length() < 600; t = t.getCause())
            text.append(text.length() == 0 ? "" : " <- ").append(t.getClass().getSimpleName()).append(": ").append(t.getMessage());
        return text.toString();
    }
}
