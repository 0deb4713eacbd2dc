/** Français. */

import type { Messages } from "./messages.js";

export const fr: Messages = {
  language: "fr",
  direction: "ltr",
  sharing: "Partage",
  states: {
    on: "Activé",
    off: "Désactivé",
    asking: "Attend votre réponse",
    waiting: "En attente",
    unavailable: "Indisponible",
  },
  on: "Des parties de la vidéo viennent d’autres spectateurs, et vous transmettez ce que vous avez regardé.",
  asking: "Rien n’est partagé avant votre réponse. La vidéo vient du serveur.",
  reasons: {
    "engine-failed": "Le partage s’est arrêté à cause d’un défaut du lecteur. La vidéo vient du serveur.",
    "few-viewers": "En attente de spectateurs : ils sont trop peu pour partager. La vidéo vient du serveur.",
    metered:
      "Cette connexion est facturée au volume ou économise les données : le partage ne démarre pas de lui-même. Vous pouvez l’activer.",
    "no-index": "Cette vidéo ne peut pas être partagée : le serveur n’a pas d’index pour en vérifier les parties.",
    "no-mse": "Ce navigateur lit lui-même la vidéo : ses parties ne peuvent pas être partagées.",
    "no-relay":
      "Votre adresse doit rester cachée, et le relais qu’il faut pour cela est injoignable. La vidéo vient du serveur.",
    "no-wasm": "Ce navigateur n’a pas WebAssembly, ou il est désactivé : rien ne peut être partagé.",
    "no-webrtc":
      "Ce navigateur n’a pas WebRTC, ou il est désactivé : il ne peut pas se connecter à d’autres spectateurs.",
    page: "Cette page laisse le partage désactivé.",
    site: "L’exploitant de ce site laisse le partage désactivé.",
    starting: "Le lecteur se prépare à partager.",
    tracker: "Le tracker, qui présente les spectateurs les uns aux autres, est injoignable. Le lecteur réessaie.",
    video: "Cette vidéo n’est pas destinée au partage.",
    "webrtc-blocked":
      "Un réglage, une extension ou ce réseau bloque WebRTC : aucun autre spectateur ne peut être joint.",
    you: "Vous avez désactivé le partage. La vidéo vient du serveur.",
  },
  details: (peers) => `Détails du partage, ${people(peers)}`,
  close: "Fermer",
  fromPeers: "Des spectateurs",
  fromServer: "Du serveur",
  uploaded: "Transmis par vous",
  connected: (peers, swarm) => (swarm > 1 ? `${people(peers)} sur ${String(swarm - 1)}` : people(peers)),
  perSecond: (amount) => `${amount}/s`,
  received: "Réception",
  sent: "Envoi",
  limits: {
    rate: "Transmettre au plus",
    total: "Et pendant cette visite",
    none: "sans limite",
    left: (amount) => `Reste ${amount}`,
  },
  hide: "Cacher mon adresse",
  hideWhat:
    "Plus lent : tout passe par le relais de ce site. Les spectateurs voient son adresse ; son exploitant voit la vôtre.",
  frugal: {
    battery: "Vous transmettez moins, car l’appareil est sur batterie.",
    hidden: "Vous transmettez moins, car cet onglet est à l’arrière-plan.",
  },
  explain: "Ce que partager veut dire",
  privacy: "Vie privée en détail",
  notice: {
    label: "À propos du partage de cette vidéo",
    ask: "Partager cette vidéo avec d’autres spectateurs ?",
    on: "Vous partagez cette vidéo avec d’autres spectateurs",
    text: "Les spectateurs s’en envoient des parties : vous transmettez ce que vous avez regardé. Eux, et le tracker qui les présente, peuvent voir votre adresse IP. Cela ménage le serveur, pour que plus de gens puissent regarder. Sinon tout vient du serveur, qui voit votre adresse dans tous les cas. Vous pouvez en changer à tout moment dans le lecteur.",
    signal: "Votre navigateur demande le respect de la vie privée : rien n’est partagé sans votre accord.",
    share: "Partager",
    serverOnly: "Seulement du serveur",
    understood: "OK",
  },
  speed: "Vitesse",
  quality: "Qualité",
  captions: "Sous-titres",
  retry: "Réessayer",
  dismiss: "Masquer",
  errors: {
    "attribute-invalid": "Un attribut de ce lecteur a une valeur qu’il ne connaît pas.",
    "index-malformed":
      "Cette vidéo n’est pas partagée : son index est abîmé. L’exploitant du site peut en refaire un avec « shoal index ».",
    "index-unreachable": "Cette vidéo n’est pas partagée : son index est injoignable pour le moment.",
    "media-unplayable": "Ce navigateur ne peut pas lire la vidéo. Un autre navigateur a peut-être le bon décodeur.",
    "media-unreachable": "La vidéo n’arrive pas. Vérifiez votre connexion, puis réessayez.",
    "playlist-malformed":
      "Cette adresse ne mène pas à une vidéo : le serveur n’a pas envoyé de liste HLS. Vérifiez l’adresse dans « src ».",
    "playlist-missing":
      "Il n’y a pas de vidéo à cette adresse. Elle a peut-être été déplacée : vérifiez l’adresse, puis réessayez.",
    "playlist-unreachable": "La vidéo est injoignable. Vérifiez votre connexion, puis réessayez.",
    "src-missing":
      "Ce lecteur n’a pas encore de vidéo. Donnez-lui l’adresse d’une liste HLS dans son attribut « src ».",
  },
  p2pInvalid: (value) =>
    `L’attribut p2p="${value}" est inconnu : rien n’est partagé. Écrivez « ask » ou « off », ou retirez-le.`,
};

function people(peers: number): string {
  return peers === 1 ? "1 spectateur connecté" : `${String(peers)} spectateurs connectés`;
}
