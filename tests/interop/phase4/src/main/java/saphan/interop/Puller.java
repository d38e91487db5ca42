package saphan.interop;

import java.nio.file.Path;

import com.helger.httpclient.HttpClientFactory;
import com.helger.httpclient.response.ResponseHandlerByteArray;
import com.helger.json.IJsonObject;
import com.helger.json.JsonObject;
import com.helger.phase4.client.AS4ClientReceiptMessage;
import com.helger.phase4.ebms3header.Ebms3UserMessage;
import com.helger.phase4.incoming.IAS4IncomingMessageState;
import com.helger.phase4.mgr.MetaAS4Manager;
import com.helger.phase4.messaging.http.BasicHttpPoster;
import com.helger.phase4.messaging.http.HttpRetrySettings;
import com.helger.phase4.model.mpc.MPC;
import com.helger.phase4.sender.AS4Sender;
import com.helger.phase4.sender.AS4Sender.BuilderPullRequest;
import com.helger.phase4.util.AS4ResourceHelper;
import com.helger.web.scope.mgr.WebScoped;

/** Pulls with phase4. It leaves the receipt of a pulled message to its user, so that is made here with its classes. */
final class Puller {
    private final Sender sender;
    private final Path folder;

    Puller(Sender sender, Path folder) {
        this.sender = sender;
        this.folder = folder;
    }

    private void keep(IJsonObject answer, Ebms3UserMessage message, IAS4IncomingMessageState state) {
        answer.add("message", Store.describe(message, state));
        answer.add("mpc", String.valueOf(message.getMpc()));
        try {
            answer.add("parts", Store.keepAll(state.getDecryptedAttachments(), folder));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void receipt(Endpoint endpoint, String url, Ebms3UserMessage message, IAS4IncomingMessageState state)
            throws Exception {
        try (AS4ResourceHelper helper = new AS4ResourceHelper()) {
            AS4ClientReceiptMessage receipt = new AS4ClientReceiptMessage(helper);
            receipt.setHttpPoster(new BasicHttpPoster().setHttpClientFactory(new HttpClientFactory(sender.settings)));
            receipt.setCryptoFactorySign(endpoint.sign);
            endpoint.profile.signing(receipt.signingParams());
            receipt.setNonRepudiation(true).setReceiptShouldBeSigned(true).setEbms3UserMessage(message)
                    .setSoapDocument(state.getEffectiveDecryptedSoapDocument())
                    .setRefToMessageID(message.getMessageInfo().getMessageId());
            receipt.sendMessageWithRetries(url, new ResponseHandlerByteArray(), null, null, null);
        }
    }

    /** One PullRequest; the message that came, its parts kept, or the errors. "receipt": false leaves the receipt out. */
    IJsonObject pull(Endpoint endpoint, IJsonObject names) throws Exception {
        IJsonObject answer = new JsonObject();
        try (WebScoped scope = new WebScoped()) {
            String url = names.getAsString("url");
            /* A message on a channel that is not on its list is refused. */
            if (!MetaAS4Manager.getMPCMgr().containsWithID(names.getAsString("mpc")))
                MetaAS4Manager.getMPCMgr().createMPC(new MPC(names.getAsString("mpc")));
            BuilderPullRequest builder = AS4Sender.builderPullRequest();
            builder.as4ProfileID(endpoint.profile.id).pmode(endpoint.anyPMode(url)).pmodeResolver(endpoint)
                    .httpClientFactory(new HttpClientFactory(sender.settings))
                    .httpRetrySettings(new HttpRetrySettings().setMaxRetries(0)).cryptoFactorySign(endpoint.sign)
                    .cryptoFactoryCrypt(endpoint.open).mpc(names.getAsString("mpc")).endpointURL(url);
            builder.withSigningParams(endpoint.profile::signing);
            builder.userMsgConsumer((message, metadata, state) -> {
                keep(answer, message, state);
                try {
                    if (names.getAsBoolean("receipt", true))
                        receipt(endpoint, url, message, state);
                } catch (Exception e) {
                    answer.add("receiptException", Sender.chain(e));
                }
            });
            builder.signalMsgConsumer((signal, metadata, state) -> Sender.signal(answer, signal, state));
            answer.add("result", builder.sendMessage().isSuccess() ? "success" : "failure");
        } catch (Exception e) {
            answer.add("result", "exception").add("exception", Sender.chain(e));
        }
        return answer;
    }
}
