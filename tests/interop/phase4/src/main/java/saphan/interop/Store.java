package saphan.interop;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import org.w3c.dom.Node;

import com.helger.collection.commons.ICommonsList;
import com.helger.http.header.HttpHeaderMap;
import com.helger.json.IJsonArray;
import com.helger.json.IJsonObject;
import com.helger.json.JsonArray;
import com.helger.json.JsonObject;
import com.helger.phase4.attachment.AS4DecompressException;
import com.helger.phase4.attachment.WSS4JAttachment;
import com.helger.phase4.ebms3header.Ebms3Property;
import com.helger.phase4.ebms3header.Ebms3SignalMessage;
import com.helger.phase4.ebms3header.Ebms3UserMessage;
import com.helger.phase4.error.AS4ErrorList;
import com.helger.phase4.incoming.IAS4IncomingMessageMetadata;
import com.helger.phase4.incoming.IAS4IncomingMessageState;
import com.helger.phase4.incoming.spi.AS4MessageProcessorResult;
import com.helger.phase4.incoming.spi.AS4SignalMessageProcessorResult;
import com.helger.phase4.incoming.spi.IAS4IncomingMessageProcessorSPI;
import com.helger.phase4.model.error.EEbmsError;
import com.helger.phase4.model.pmode.IPMode;

/**
 * What arrives: each part to a file that is forced to the disk, and a list of what was received. phase4 also hands over
 * messages that are neither signed nor encrypted, so the state is looked at here.
 */
final class Store implements IAS4IncomingMessageProcessorSPI {
    private final Path folder;
    private final Endpoint endpoint;
    private final List<IJsonObject> received;
    private static final AtomicInteger COUNT = new AtomicInteger();

    Store(Path folder, Endpoint endpoint, List<IJsonObject> received) {
        this.folder = folder;
        this.endpoint = endpoint;
        this.received = received;
    }

    /** All that came in so far, and forget it. */
    static List<IJsonObject> take(List<IJsonObject> received) {
        synchronized (received) {
            List<IJsonObject> all = new ArrayList<>(received);
            received.clear();
            return all;
        }
    }

    static IJsonObject describe(Ebms3UserMessage message, IAS4IncomingMessageState state) {
        IJsonObject seen = new JsonObject();
        seen.add("messageId", message.getMessageInfo().getMessageId());
        String refTo = message.getMessageInfo().getRefToMessageId();
        seen.add("refTo", refTo == null ? "" : refTo);
        seen.add("from", message.getPartyInfo().getFrom().getPartyIdAtIndex(0).getValue());
        seen.add("to", message.getPartyInfo().getTo().getPartyIdAtIndex(0).getValue());
        seen.add("service", message.getCollaborationInfo().getServiceValue());
        seen.add("action", message.getCollaborationInfo().getAction());
        seen.add("conversation", message.getCollaborationInfo().getConversationId());
        seen.add("signed", state.isSoapSignatureChecked());
        seen.add("decrypted", state.isSoapDecrypted());
        if (state.hasSigningCertificate())
            seen.add("signer", state.getSigningCertificate().getSubjectX500Principal().getName());
        IJsonObject properties = new JsonObject();
        if (message.getMessageProperties() != null)
            for (Ebms3Property property : message.getMessageProperties().getProperty())
                properties.add(property.getName(), property.getValue());
        seen.add("properties", properties);
        return seen;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Copies and forces it to the disk. */
    private static IJsonObject keep(WSS4JAttachment part, Path file) throws IOException {
        MessageDigest digest = sha256();
        long length = 0;
        byte[] block = new byte[65536];
        try (InputStream in = part.getSourceStream();
                FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int got = in.read(block); got > 0; got = in.read(block)) {
                digest.update(block, 0, got);
                out.write(ByteBuffer.wrap(block, 0, got));
                length += got;
            }
            out.force(true);
        }
        IJsonObject seen = new JsonObject();
        seen.add("sha256", HexFormat.of().formatHex(digest.digest()));
        seen.add("length", length);
        seen.add("mime", part.getMimeType());
        seen.add("contentId", part.getId());
        seen.add("file", file.toString());
        return seen;
    }

    static IJsonArray keepAll(ICommonsList<WSS4JAttachment> parts, Path folder) throws IOException {
        IJsonArray kept = new JsonArray();
        int message = COUNT.incrementAndGet();
        int number = 0;
        if (parts != null)
            for (WSS4JAttachment part : parts)
                kept.add(keep(part, folder.resolve(message + "-" + number++)));
        return kept;
    }

    @Override
    public AS4MessageProcessorResult processAS4UserMessage(IAS4IncomingMessageMetadata metadata, HttpHeaderMap headers,
            Ebms3UserMessage message, IPMode pmode, Node payload, ICommonsList<WSS4JAttachment> parts,
            IAS4IncomingMessageState state, AS4ErrorList errors) {
        boolean hasParts = parts != null && parts.isNotEmpty();
        if (endpoint.isSecurityDemanded && !(state.isSoapSignatureChecked() && (state.isSoapDecrypted() || !hasParts))) {
            errors.add(EEbmsError.EBMS_POLICY_NONCOMPLIANCE.errorBuilder(state.getLocale())
                    .errorDetail("not signed or not encrypted").refToMessageInError(state.getMessageID()).build());
            return AS4MessageProcessorResult.createFailure();
        }
        try {
            IJsonObject seen = describe(message, state);
            seen.add("path", endpoint.path);
            seen.add("ping", state.isPingMessage());
            seen.add("parts", keepAll(parts, folder));
            synchronized (received) {
                received.add(seen);
            }
            return AS4MessageProcessorResult.createSuccess();
        } catch (IOException | UncheckedIOException | AS4DecompressException e) {
            EEbmsError code = e instanceof AS4DecompressException ? EEbmsError.EBMS_DECOMPRESSION_FAILURE : EEbmsError.EBMS_DELIVERY_FAILURE;
            errors.add(code.errorBuilder(state.getLocale()).errorDetail(String.valueOf(e.getMessage())).build());
            return AS4MessageProcessorResult.createFailure();
        }
    }

    @Override
    public AS4SignalMessageProcessorResult processAS4SignalMessage(IAS4IncomingMessageMetadata metadata,
            HttpHeaderMap headers, Ebms3SignalMessage signal, IPMode pmode, IAS4IncomingMessageState state,
            AS4ErrorList errors) {
        return AS4SignalMessageProcessorResult.createSuccess();
    }

    @Override
    public void processAS4ResponseMessage(IAS4IncomingMessageMetadata metadata, IAS4IncomingMessageState state,
            String messageId, byte[] response, boolean hasPayload, AS4ErrorList errors) {
        /* the answer is phase4's own */
    }
}
