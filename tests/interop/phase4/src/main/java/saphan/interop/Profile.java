package saphan.interop;

import com.helger.base.state.ETriState;
import com.helger.phase4.CAS4;
import com.helger.phase4.crypto.AS4CryptParams;
import com.helger.phase4.crypto.AS4SigningParams;
import com.helger.phase4.crypto.ECryptoAlgorithmCrypt;
import com.helger.phase4.crypto.ECryptoAlgorithmSign;
import com.helger.phase4.crypto.ECryptoAlgorithmSignDigest;
import com.helger.phase4.mgr.MetaAS4Manager;
import com.helger.phase4.model.EMEP;
import com.helger.phase4.model.EMEPBinding;
import com.helger.phase4.model.pmode.PMode;
import com.helger.phase4.model.pmode.IPModeIDProvider;
import com.helger.phase4.model.pmode.PModeParty;
import com.helger.phase4.model.pmode.PModeReceptionAwareness;
import com.helger.phase4.model.pmode.leg.EPModeSendReceiptReplyPattern;
import com.helger.phase4.model.pmode.leg.PModeLeg;
import com.helger.phase4.model.pmode.leg.PModeLegBusinessInformation;
import com.helger.phase4.model.pmode.leg.PModeLegErrorHandling;
import com.helger.phase4.model.pmode.leg.PModeLegProtocol;
import com.helger.phase4.model.pmode.leg.PModeLegSecurity;
import com.helger.phase4.profile.AS4Profile;
import com.helger.phase4.profile.IAS4Profile;
import com.helger.phase4.profile.IAS4ProfileValidator;
import com.helger.phase4.wss.EWSSVersion;

/**
 * The three crypto suites of eDelivery AS4, two corners, as phase4 profiles. Named after the profiles that phase4
 * brings in modules of their own; the values are those of the eDelivery texts.
 */
enum Profile {
    RSA("cef-two-corner", ECryptoAlgorithmSign.RSA_SHA_256),
    EDDSA("edelivery2-eddsa-two-corner", ECryptoAlgorithmSign.EDDSA_ED25519),
    ECDSA("edelivery2-ecdsa-two-corner", ECryptoAlgorithmSign.ECDSA_SHA_256);

    final String id;
    private final ECryptoAlgorithmSign sign;

    Profile(String id, ECryptoAlgorithmSign sign) {
        this.id = id;
        this.sign = sign;
    }

    static Profile of(String id) {
        for (Profile profile : values())
            if (profile.id.equals(id))
                return profile;
        throw new IllegalArgumentException("no profile " + id);
    }

    static void registerAll() {
        for (Profile profile : values())
            MetaAS4Manager.getProfileMgr().registerProfile(profile.asProfile());
    }

    private IAS4Profile asProfile() {
        return new AS4Profile(id, id, () -> new IAS4ProfileValidator() {}, this::pmode,
                IPModeIDProvider.DEFAULT_DYNAMIC, false, true);
    }

    /**
     * One-way push, since phase4 answers the receipt of its push-and-push binding before the message is stored. The
     * second leg is for messages that refer to another one.
     */
    PMode pmode(String initiator, String responder, String address) {
        PModeParty from = PModeParty.createSimple(initiator, CAS4.DEFAULT_INITIATOR_URL);
        PModeParty to = PModeParty.createSimple(responder, CAS4.DEFAULT_RESPONDER_URL);
        return new PMode(IPModeIDProvider.DEFAULT_DYNAMIC.getPModeID(from, to), from, to, "urn:as4:agreement",
                EMEP.ONE_WAY, EMEPBinding.PUSH, leg(address), leg(address), null,
                new PModeReceptionAwareness(ETriState.TRUE, ETriState.FALSE, 0, 0, ETriState.TRUE));
    }

    private PModeLeg leg(String address) {
        PModeLegErrorHandling errors = new PModeLegErrorHandling(null, null, ETriState.TRUE, ETriState.TRUE,
                ETriState.TRUE, ETriState.TRUE);
        PModeLegSecurity security = new PModeLegSecurity();
        security.setWSSVersion(EWSSVersion.WSS_111);
        security.setX509SignatureAlgorithm(sign);
        security.setX509SignatureHashFunction(ECryptoAlgorithmSignDigest.DIGEST_SHA_256);
        security.setX509EncryptionAlgorithm(ECryptoAlgorithmCrypt.AES_128_GCM);
        security.setX509EncryptionMinimumStrength(128);
        security.setPModeAuthorize(false);
        security.setSendReceipt(true);
        security.setSendReceiptNonRepudiation(true);
        security.setSendReceiptReplyPattern(EPModeSendReceiptReplyPattern.RESPONSE);
        return new PModeLeg(PModeLegProtocol.createForDefaultSoapVersion(address),
                PModeLegBusinessInformation.create(null, CAS4.DEFAULT_ACTION_URL, null, CAS4.DEFAULT_MPC_ID), errors,
                null, security);
    }

    void signing(AS4SigningParams params) {
        params.setAlgorithmSign(sign);
        params.setAlgorithmSignDigest(ECryptoAlgorithmSignDigest.DIGEST_SHA_256);
    }

    void encryption(AS4CryptParams params) {
        params.setAlgorithmCrypt(ECryptoAlgorithmCrypt.AES_128_GCM);
        if (this == EDDSA)
            params.setEDelivery2KeyAgreementX25519();
        if (this == ECDSA)
            params.setEDelivery2KeyAgreementECDHES();
    }
}
